"""The real servers that the tests and the demo publish to, one file each.

Every server listens on a free loopback port, keeps its data in a folder that is thrown away,
and is stopped by the process id that was started.
"""
