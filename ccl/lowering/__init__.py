"""From the typed tree to a WebAssembly module: what every construct does in the machine.

`program` composes; `frame` holds one function in the making; `expressions`, `operators`,
`places`, `calls`, `builtins`, `control` and `statements` lower the tree; `routines` and
`encoding` write one routine per type that is used. Ownership follows `ccl.abi.layout`.
"""
