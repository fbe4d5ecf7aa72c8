"""Parts of the operating system: private files, and parts of POSIX that a system may lack."""
