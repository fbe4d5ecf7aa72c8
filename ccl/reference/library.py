"""The reference of the standard library, from the signatures and `///` docs of its files.

It contains the exported functions and those with a doc; others are private to their file.
"""

import re
from dataclasses import dataclass
from typing import Final

from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.prelude.library_index import FUNCTIONS, METHODS
from ccl.source.files import library_names, read_library
from ccl.source.spans import Source, SourceMap
from ccl.syntax import ast

INTRODUCTION: Final = """\
Files of the standard library are imported by `std/…`. Names and methods marked *without an import*
are available everywhere: a program that uses one loads its file, and a declaration of the program
shadows it. A function argument has a parameter without a type.

Tests of the library, which are also examples, are in `stdlib/tests/`; `ccl test stdlib/tests`
runs them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFile:
    """One file of the reference. `about`: the comment at its beginning."""

    name: str
    about: str
    source: Source
    module: ast.Module

    @property
    def functions(self) -> tuple[ast.Function, ...]:
        """The public ones, in order."""
        return tuple(
            item
            for item in self.module.items
            if isinstance(item, ast.Function) and not item.test and is_public(item)
        )

    @property
    def types(self) -> tuple[ast.Struct | ast.Enumeration, ...]:
        return tuple(
            item
            for item in self.module.items
            if isinstance(item, ast.Enumeration)
            or (isinstance(item, ast.Struct) and item.doc is not None)
        )


def is_public(function: ast.Function) -> bool:
    return function.exported or function.doc is not None


def library_files() -> tuple[LibraryFile, ...]:
    """Loads every file that can be imported, by name."""
    return tuple(_read(name) for name in library_names())


def _read(name: str) -> LibraryFile:
    sink = Sink()
    source = SourceMap().add(f"{name}.ccl", read_library(name))
    module = parse(source, sink)
    assert not sink.has_errors, f"{name} is read"
    about = re.match(r"(?://[^\n]*\n)+", source.text)
    assert about is not None, f"{name} begins with a comment that says what it is"
    return LibraryFile(name=name, about=_comment(about[0]), source=source, module=module)


def _comment(text: str) -> str:
    lines = (line.removeprefix("//").removeprefix(" ") for line in text.splitlines())
    return "\n".join(lines).strip()


def signature(file: LibraryFile, function: ast.Function) -> str:
    """Formats `fn name<T>(…) -> T` on one line."""
    written = file.source.text[function.span.start : function.body.span.start]
    head = re.sub(r"^.*?\bfn(?:ction)?\s+", "", " ".join(written.split()), count=1)
    return head.replace("( ", "(").replace(", )", ")").replace(" )", ")").strip()


def library_page(generated: str) -> str:
    """Renders the page; `generated` is the notice that it is generated."""
    files = library_files()
    out = ["# The standard library\n", generated, INTRODUCTION]
    out += ["| File | What it is |", "|---|---|"]
    for file in files:
        first = file.about.split("\n\n")[0].replace("\n", " ")
        said = first.removeprefix(f"{file.name}: ")
        out.append(f"| [{file.name}](#{_anchor(file.name)}) | {said} |")
    out.append("")
    for file in files:
        out += _file(file)
    return "\n".join(out)


def _anchor(name: str) -> str:
    return name.replace("/", "-")


def _file(file: LibraryFile) -> list[str]:
    said = file.about.removeprefix(f"{file.name}: ")
    out = [f'## <a id="{_anchor(file.name)}"></a>{file.name}\n', said[:1].upper() + said[1:], ""]
    for declared in file.types:
        text = file.source.text[declared.span.start : declared.span.end]
        head = re.search(r"(?:struct|enum)\b.*", text, re.DOTALL)
        assert head is not None, "a type is declared by its keyword"
        if declared.doc is not None:
            out.append(declared.doc.strip() + "\n")
        out += ["```", head[0], "```\n"]
    for function in file.functions:
        out.append(f"**`{signature(file, function)}`**\n")
        out.append(_doc(function) + "\n")
        known = known_as(file.name, function.name.text)
        if known:
            out.append(f"*Without an import:* {', '.join(f'`{each}`' for each in known)}.\n")
    return out


def _doc(function: ast.Function) -> str:
    return (function.doc or "").strip()


def known_as(file: str, name: str) -> tuple[str, ...]:
    """Names the function without an import: a name, or a method of a kind of value."""
    names = [
        called
        for called, rows in FUNCTIONS.items()
        if any(row.file == file and row.name == name for row in rows)
    ]
    methods = [
        f"{_RECEIVERS[group]}.{called}(…)"
        for (group, called), row in METHODS.items()
        if row.file == file and row.name == name
    ]
    return (*names, *methods)


_RECEIVERS: Final = {
    "Array": "array",
    "Map": "map",
    "Option": "option",
    "Result": "result",
    "String": "text",
}
