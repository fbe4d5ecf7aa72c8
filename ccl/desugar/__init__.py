"""Desugaring of contracts, roles and proposals to ordinary items.

A contract is split into its code and its declarations; a role becomes functions, a proposal becomes
state and functions. The rest of a section stays a section of the charter. Every generated item has
the place of its origin.
"""

from ccl.desugar.contracts import read_file
from ccl.diagnostics.model import Sink
from ccl.resolver.scopes import Loaded
from ccl.support.node import replace

__all__ = ["expand"]


def expand(loaded: Loaded, sink: Sink) -> Loaded:
    """Returns every file with its contracts taken out and its roles and proposals desugared."""
    return replace(
        loaded,
        files={file: read_file(each, loaded, sink) for file, each in loaded.files.items()},
    )
