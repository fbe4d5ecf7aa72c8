"""Parts of the operating system: private files, and what POSIX may lack."""
