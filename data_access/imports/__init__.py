"""Files in: read in a child process, checked row by row, written in one transaction."""
