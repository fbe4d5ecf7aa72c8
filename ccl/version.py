"""The version of the toolchain. The installed package takes its own from here.

Written in code because to ask the package for it loads its reader: 12 ms of every command.
"""

VERSION = "0.1.0"
