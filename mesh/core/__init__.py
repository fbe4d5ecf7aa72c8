"""The protocol core: records, rules and state machines of the mesh, without any I/O."""
