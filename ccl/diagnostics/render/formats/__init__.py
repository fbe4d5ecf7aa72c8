"""Renderers of diagnostics: a module for each format of `ccl.diagnostics.render`."""
