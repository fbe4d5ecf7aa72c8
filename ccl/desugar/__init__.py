"""Contracts, roles and proposals made plain: from parsed files to files of ordinary items.

A contract is taken apart into what runs and what it declares; a role becomes a function, a
proposal becomes state and functions. What a section says for people stays a section of the
charter. Every item that is made has the place of what it was made from.
"""

from ccl.desugar.contracts import read_file
from ccl.diagnostics.model import Sink
from ccl.resolver.scopes import Loaded
from ccl.support.node import replace

__all__ = ["expand"]


def expand(loaded: Loaded, sink: Sink) -> Loaded:
    """Every file with its contracts taken out and its roles and proposals made plain."""
    return replace(
        loaded,
        files={file: read_file(each, loaded, sink) for file, each in loaded.files.items()},
    )
