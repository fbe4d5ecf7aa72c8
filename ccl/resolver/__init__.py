"""Resolution: loading of files and their imports, and one declaration for each name."""
