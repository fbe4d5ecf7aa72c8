"""The private keys of an embedded mesh: one file each, readable by their owner alone.

Rule: a key file is made once, when the mesh is founded, and never overwritten; a mesh that has
lost a key says so, and never signs with another.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from runtime.content.did import Did
from runtime.identity.keys import SEED_BYTES, SigningKey
from runtime.terminal.errors import CommandError, ExitCode

_PREFIX: Final = "ed25519-seed:"
_OTHERS: Final = 0o077


def load_or_create(directory: Path, name: str) -> SigningKey:
    """The key `name` of a mesh that is being founded. Raises CommandError `key-…`."""
    path = directory / f"{name}.key"
    if not path.exists():
        try:
            _create(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise _unusable("key-unwritable", f"{path} cannot be written: {reason}") from None
    return _read(path)


def load(directory: Path, name: str, did: Did) -> SigningKey:
    """The key by which a mesh knows its member `name`, as `did`.

    Raises CommandError `key-missing`, `key-foreign`, and `key-…` for a file that is no private key.
    """
    path = directory / f"{name}.key"
    key = _read(path)
    if key.did != did:
        raise _unusable(
            "key-foreign", f"{path} is the key of {key.did}; this mesh knows {name} as {did}"
        )
    return key


def _read(path: Path) -> SigningKey:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise _unusable("key-missing", f"{path} is missing: this mesh has lost a key") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable("key-unreadable", f"{path} cannot be read: {error}") from None
    if mode & _OTHERS:
        raise CommandError(
            ExitCode.IDENTITY,
            "key-exposed",
            f"{path} can be read by others (mode {mode & 0o777:03o})",
            hint=f"chmod 600 {path}",
        )
    seed = text.strip().removeprefix(_PREFIX)
    try:
        return SigningKey(bytes.fromhex(seed))
    except ValueError:
        wanted = f"'{_PREFIX}' and {2 * SEED_BYTES} hexadecimal digits"
        raise _unusable("key-malformed", f"{path} is no key: expected {wanted}") from None


def _create(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        text = f"{_PREFIX}{secrets.token_hex(SEED_BYTES)}\n"
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
        # A link fails where a rename would overwrite the key that another process just made.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.close(descriptor)
        temporary.unlink()


def _unusable(code: str, message: str) -> CommandError:
    return CommandError(
        ExitCode.IDENTITY,
        code,
        message,
        hint="restore the file from a copy, or found another mesh: name a new MESH_HOME",
    )
