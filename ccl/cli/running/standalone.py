"""Execution without a mesh: a sandbox of this command alone, and its caller.

A command that only reads a program needs no home; an old or damaged one does not matter to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from runtime.content.did import parse_did
from runtime.sandbox.pool import Sandbox

CALLER: Final = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
"""A DID whose key is kept nowhere."""


@contextmanager
def standalone_sandbox(workers: int | None) -> Iterator[Sandbox]:
    """Opens a sandbox whose compiled modules end with it."""
    with TemporaryDirectory(prefix="ccl-") as folder:
        at = Path(folder)
        with Sandbox(
            cache_dir=at / "modules", cache_key_path=at / "key", workers=workers
        ) as sandbox:
            yield sandbox
