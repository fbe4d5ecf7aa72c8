"""From the typed tree to a WebAssembly module: what every construct does in the machine.

`program` composes; `frame` holds one function in the making; `expressions`, `operators`,
`places`, `calls`, `builtins`, `containers`, `conversions`, `control` and `statements` lower
the tree; `routines`, `comparison`, `encoding` and `decoding` write one routine per type that
is used; `exports` and `charter` face outwards. Ownership follows `ccl.abi.layout`.
"""
