"""The reference: each page beside the module that writes it from the code.

`make docs` writes them all; a test fails where a page is no longer what the code says.
"""
