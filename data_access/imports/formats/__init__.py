"""How each kind of file is opened, in the child process alone: imports nothing beyond this folder.

`python_calamine` parses workbooks, and is imported only once a file was looked at.
"""
