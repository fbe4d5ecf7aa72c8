"""Execution apart from any mesh: a sandbox of this command alone, and who calls in it.

What only reads a program needs no home; an old or damaged one is not its concern.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from runtime.content.did import parse_did
from runtime.sandbox.pool import Sandbox

CALLER: Final = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
"""Nobody: no key of it is kept anywhere."""


@contextmanager
def standalone_sandbox(workers: int | None) -> Iterator[Sandbox]:
    """Its compiled modules end with it."""
    with TemporaryDirectory(prefix="ccl-") as folder:
        at = Path(folder)
        with Sandbox(
            cache_dir=at / "modules", cache_key_path=at / "key", workers=workers
        ) as sandbox:
            yield sandbox
