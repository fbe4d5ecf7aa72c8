"""The part of the prelude that is written in CCL: names, and the library files they stand in.

A program that uses one of these names gets the file without an import; a program that uses
none loads nothing more. A declaration of the program's own shadows them.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    """A function of the library by the import path of its file and its name there."""

    file: str
    name: str


def _same(file: str, *names: str) -> dict[str, tuple[LibraryFunction, ...]]:
    return {name: (LibraryFunction(file, name),) for name in names}


FUNCTIONS: Final[Mapping[str, tuple[LibraryFunction, ...]]] = {}
"""By the name that programs call; several are told apart by how many arguments they take."""


def _methods(
    group: str, file: str, prefix: str, *names: str
) -> dict[tuple[str, str], LibraryFunction]:
    return {(group, name): LibraryFunction(file, prefix + name) for name in names}


METHODS: Final[Mapping[tuple[str, str], LibraryFunction]] = {
    **_methods(
        "Array",
        "std/core",
        "",
        *("map", "filter", "fold", "all", "any", "count", "find", "sort_by"),
    ),
    **_methods("String", "std/text", "", "starts_with", "split", "lines", "fields", "to_integer"),
}
"""Methods by the kind of their receiver, beside those of `ccl.builtins`."""

_FILES_OF_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(dict.fromkeys(each.file for key, each in METHODS.items() if key[1] == name))
    for _, name in METHODS
}
_WORD: Final = re.compile(r"[^\W\d]\w*")
_METHOD: Final = re.compile(r"(?:([^\W\d]\w*)\s*)?\.\s*([^\W\d]\w*)\s*\(")


def files_needed(text: str, declared: Collection[str]) -> tuple[str, ...]:
    """The library files whose names occur in a source text, by import path.

    `declared`: the names of the file's own functions and imports, which shadow the library's.
    A name in a comment counts: a file too many changes nothing but what was read.
    """
    return tuple(sorted(set(_occurring(text, declared))))


def _occurring(text: str, declared: Collection[str]) -> Iterator[str]:
    for name in FUNCTIONS.keys() & set(_WORD.findall(text)):
        if name not in declared:
            yield from (each.file for each in FUNCTIONS[name])
    for base, name in _METHOD.findall(text):
        if name in _FILES_OF_METHODS and name not in declared and base not in declared:
            yield from _FILES_OF_METHODS[name]
