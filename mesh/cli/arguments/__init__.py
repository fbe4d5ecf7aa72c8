"""Arguments of commands: options, names of things, files, and the mesh that they mean."""
