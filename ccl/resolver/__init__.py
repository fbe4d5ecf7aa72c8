"""Resolution: files and their imports are loaded, and each name has one declaration."""
