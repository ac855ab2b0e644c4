"""一张图 and, later, the other views of the whole county."""
