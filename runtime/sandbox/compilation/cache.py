"""Compiled modules on disk, each under a MAC: only code that this machine compiled itself is run.

An entry is named by module CID, engine and CPU features. A changed, foreign or unreadable one
counts as absent, and is remembered as a finding; so does a directory that cannot be written. The
key is a file of its own, outside the directory, so that write access to the directory is not enough
to make entries.
"""

import os
from enum import Enum
from pathlib import Path
from typing import Any, Final

from blake3 import blake3
from nacl.bindings import sodium_memcmp

from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode, encode
from runtime.platform.private_files import (
    WeakFileError,
    make_folder,
    put_once,
    read_file,
    write_whole,
)
from runtime.sandbox.compilation.facts import FACTS_VERSION
from runtime.sandbox.engine import cpu_features, engine_text

KEY_BYTES: Final = 32
ENTRIES_MAX: Final = 512
ENTRY_BYTES_MAX: Final = 256 << 20
_MAC_BYTES: Final = 32


class Kept(Enum):
    """The kinds of entries of a module; the value is the ending of the file's name."""

    CODE = ".compiled"
    VERDICT = ".verdict"


class CompiledCache:
    """`findings` grows by one text for each entry that was not accepted."""

    def __init__(self, directory: Path, key_path: Path) -> None:
        self._directory = directory
        self.findings: list[str] = []
        self._key = self._read_key(key_path)
        try:
            make_folder(directory)
        except OSError as error:
            self.findings.append(f"{directory}: cannot be made ({error.strerror}); not kept")

    def _read_key(self, path: Path) -> bytes:
        """Reads the key, which is made if it is missing. Without it no stored entry is accepted."""
        try:
            return cache_key(path)
        except OSError as error:
            self.findings.append(f"{path}: {error.strerror}; compiled again each time")
        except (WeakFileError, ValueError) as error:
            self.findings.append(f"{error}; compiled again each time")
        return os.urandom(KEY_BYTES)

    def get(self, module: Cid, kept: Kept = Kept.CODE) -> dict[str, Any] | None:
        """Reads an entry that `put` wrote, if it is there and unchanged."""
        path = self._path(module, kept)
        try:
            data = read_file(path, bytes_max=ENTRY_BYTES_MAX)
        except FileNotFoundError:
            return None
        except WeakFileError as error:
            self.findings.append(f"{error}; compiled again")
            return None
        except OSError as error:
            self.findings.append(f"{path}: cannot be read ({error.strerror}); compiled again")
            return None
        mac, body = data[:_MAC_BYTES], data[_MAC_BYTES:]
        if not sodium_memcmp(mac, self._mac(path.name, body)):
            self.findings.append(f"{path}: changed since it was written; compiled again")
            return None
        try:
            value = decode(body, bytes_max=ENTRY_BYTES_MAX)
        except CodecError as error:
            self.findings.append(f"{path}: {error}; compiled again")
            return None
        return value if isinstance(value, dict) else None

    def put(self, module: Cid, value: dict[str, Any], kept: Kept = Kept.CODE) -> None:
        """Writes an entry, whole or not at all. A full disk is a finding: the result is still
        used."""
        path = self._path(module, kept)
        body = encode(value)
        try:
            write_whole(path, self._mac(path.name, body) + body, is_durable=False).replace(path)
            self._make_room(kept)
        except OSError as error:
            self.findings.append(f"{path}: cannot be written ({error.strerror})")

    def _make_room(self, kept: Kept) -> None:
        entries = sorted(
            (entry.stat().st_mtime_ns, entry) for entry in self._directory.glob(f"*{kept.value}")
        )
        for _, entry in entries[: max(0, len(entries) - ENTRIES_MAX)]:
            entry.unlink(missing_ok=True)

    def _path(self, module: Cid, kept: Kept = Kept.CODE) -> Path:
        named = encode([module, engine_text(), cpu_features(), FACTS_VERSION])
        return self._directory / (blake3(named).hexdigest()[:40] + kept.value)

    def _mac(self, name: str, body: bytes) -> bytes:
        return blake3(name.encode("ascii") + b"\0" + body, key=self._key).digest()


def cache_key(path: Path) -> bytes:
    """Reads the key, or creates it, readable by its owner only.

    Raises OSError, WeakFileError, and ValueError if the file is not a key.
    """
    if not path.exists():
        make_folder(path.parent)
        put_once(path, os.urandom(KEY_BYTES))
    key = read_file(path, bytes_max=KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is not a key of {KEY_BYTES} bytes; remove it")
    return key
