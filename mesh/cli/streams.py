"""Bytes to stdout: whole, and not onto a terminal that they would disturb."""

import sys

from mesh.problem import Kind, MeshProblem


def write_stdout(data: bytes) -> None:
    """Write bytes as they are. Raises MeshProblem `binary-on-terminal`."""
    if sys.stdout.isatty() and not _is_text(data):
        raise MeshProblem(
            Kind.USAGE,
            "binary-on-terminal",
            f"{len(data)} bytes that are not text would go to the terminal",
            hint="name a file with -o FILE, or redirect stdout",
        )
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\n\t\r" for char in text)
