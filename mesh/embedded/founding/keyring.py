"""The private keys of an embedded mesh: one file each, readable by their owner alone.

Rule: a key file is made once, when the mesh is founded, and never overwritten; a mesh that has
lost a key says so, and never signs with another.
"""

from pathlib import Path
from typing import Final

from mesh.home.failures import weak_file
from runtime.content.did import Did
from runtime.identity.keys import SEED_BYTES, SigningKey
from runtime.platform.private_files import WeakFileError, put_once, read_file
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error

_PREFIX: Final = "ed25519-seed:"
_FILE_BYTES_MAX: Final = 4096


def load_or_create(directory: Path, name: str) -> SigningKey:
    """The key `name` of a mesh that is being founded. Raises CommandError `key-…`."""
    path = directory / f"{name}.key"
    if not path.exists():
        import secrets

        text = f"{_PREFIX}{secrets.token_hex(SEED_BYTES)}\n"
        try:
            put_once(path, text.encode("ascii"))
        except OSError as error:
            reason = error.strerror or str(error)
            raise disk_full_error(error, path) or _unusable(
                "key-unwritable", f"{path} cannot be written: {reason}"
            ) from None
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
        text = read_file(path, bytes_max=_FILE_BYTES_MAX).decode("ascii")
    except FileNotFoundError:
        raise _unusable("key-missing", f"{path} is missing: this mesh has lost a key") from None
    except WeakFileError as error:
        raise weak_file(error, path.parent.parent) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable("key-unreadable", f"{path} cannot be read: {error}") from None
    seed = text.strip().removeprefix(_PREFIX)
    try:
        return SigningKey(bytes.fromhex(seed))
    except ValueError:
        wanted = f"'{_PREFIX}' and {2 * SEED_BYTES} hexadecimal digits"
        raise _unusable("key-malformed", f"{path} is no key: expected {wanted}") from None


def _unusable(code: str, message: str) -> CommandError:
    return CommandError(
        ExitCode.IDENTITY,
        code,
        message,
        hint="restore the file from a copy, or found another mesh: name a new MESH_HOME",
    )
