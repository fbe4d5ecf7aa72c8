"""The compiler of CCL: a source text to one deterministic WebAssembly module."""
