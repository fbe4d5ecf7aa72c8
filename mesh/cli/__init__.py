"""`meshctl`: the commands of the mesh. Nothing heavy is imported before a command needs it."""
