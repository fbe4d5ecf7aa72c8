"""Code generation: from the typed tree to a WebAssembly module as data.

`program` composes; `module_builder` and `function_builder` hold a module and a function under
construction; `functions` and `operations` lower the tree; `codecs` writes one routine per type in
use; `exports` and `charter_export` make the functions that a host calls. Ownership follows
`ccl.abi.layout`.
"""
