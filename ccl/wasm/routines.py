"""Routines of the generated module, as WebAssembly text in `library/`.

A routine starts with `(func $name` or `(global $name` in the first column; the comment lines
before it belong to it. Only routines that a module uses, and what those use, are included.
Every routine that can trap takes the number of the site to report.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from ccl.support.node import Node

_HEAD = re.compile(r"^\((?:func|global) \$([\w.]+)")
_REFERENCE = re.compile(r"(?:call|global\.get|global\.set) \$([\w.]+)")


def names_in(text: str) -> list[str]:
    """Finds the functions and globals that a text names, in its order."""
    return _REFERENCE.findall(text)


class Routine(Node, frozen=True):
    name: str
    text: str
    uses: tuple[str, ...]
    """Names it refers to, of this library or of the module around it."""


@cache
def routines() -> dict[str, Routine]:
    """Returns all of them by name, in the order of the files and of their lines."""
    found: dict[str, Routine] = {}
    folder = files(__package__) / "library"
    for path in sorted((p for p in folder.iterdir() if p.name.endswith(".wat")), key=str):
        for routine in _split(path.read_text(encoding="utf-8")):
            assert routine.name not in found, routine.name
            found[routine.name] = routine
    return found


def closure(wanted: Iterable[str]) -> tuple[Routine, ...]:
    """Returns the wanted routines and all that they use, in library order."""
    known = routines()
    needed: set[str] = set()
    pending = [name for name in wanted if name in known]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending.extend(use for use in known[name].uses if use in known)
    return tuple(routine for name, routine in known.items() if name in needed)


def _split(text: str) -> Iterable[Routine]:
    lines: list[str] = []
    for line in [*text.splitlines(), "(end"]:
        starts_next = line.startswith(("(", ";;")) and any(_HEAD.match(kept) for kept in lines)
        if starts_next:
            body = "\n".join(lines).rstrip()
            head = next(m for m in map(_HEAD.match, lines) if m)
            yield Routine(head[1], body, tuple(dict.fromkeys(names_in(body))))
            lines = []
        if line or lines:
            lines.append(line)
