"""WebAssembly: modules as data, as text and as bytes, and the library of routines."""
