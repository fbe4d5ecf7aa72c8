"""Resolution of the top level: each file's declarations by name, each name declared once.

Input is every loaded file; output `ccl.resolved.Scoped`. Names inside bodies depend on the
order of statements and are looked up by the checker in these tables.
"""

from typing import TypeVar

from ccl import ast
from ccl.diagnostics import Label, Sink
from ccl.resolved import FileScope, ImportedFile, Loaded, LoadedFile, Scoped

_Declared = TypeVar("_Declared", ast.Function, ast.Const, ast.State, ast.Struct, ast.Enumeration)


def resolve(loaded: Loaded, sink: Sink) -> Scoped:
    """Sort the names of every file; a name declared twice is reported with both places."""
    return Scoped(
        root=loaded.root,
        files={file: _scope(each, sink) for file, each in loaded.files.items()},
        library=loaded.library,
    )


class _Names:
    """The two name spaces of one file while they are being filled."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._values: dict[str, ast.Ident] = {}
        self._types: dict[str, ast.Ident] = {}

    def value(self, table: dict[str, _Declared], item: _Declared) -> None:
        if self._claim(self._values, item.name):
            table[item.name.text] = item

    def type(self, table: dict[str, _Declared], item: _Declared) -> None:
        if self._claim(self._types, item.name):
            table[item.name.text] = item

    def alias(self, name: ast.Ident) -> bool:
        return self._claim(self._values, name)

    def _claim(self, space: dict[str, ast.Ident], name: ast.Ident) -> bool:
        first = space.setdefault(name.text, name)
        if first is name:
            return True
        self._sink.report(
            "CCL0204",
            name.span,
            name=name.text,
            labels=(Label(first.span, "first declared here"),),
        )
        return False


def _scope(loaded: LoadedFile, sink: Sink) -> FileScope:
    names = _Names(sink)
    functions: dict[str, ast.Function] = {}
    consts: dict[str, ast.Const] = {}
    states: dict[str, ast.State] = {}
    structs: dict[str, ast.Struct] = {}
    enums: dict[str, ast.Enumeration] = {}
    imports: dict[str, ImportedFile] = {}
    executions: list[ast.Execution] = []
    handlers: list[ast.Handler] = []
    declarations: list[ast.Item] = []
    for item in loaded.module.items:
        match item:
            case ast.Function():
                names.value(functions, item)
            case ast.Const():
                names.value(consts, item)
            case ast.State():
                names.value(states, item)
            case ast.Struct():
                names.type(structs, item)
            case ast.Enumeration():
                names.type(enums, item)
            case ast.Import():
                alias = item.alias or _implied_alias(item.path)
                file = loaded.imports.get(item.path.span)
                if alias is not None and names.alias(alias) and file is not None:
                    imports[alias.text] = ImportedFile(alias=alias.text, item=item, file=file)
            case ast.Execution():
                executions.append(item)
            case ast.Handler():
                handlers.append(item)
            case _:
                declarations.append(item)
    return FileScope(
        file=loaded.file,
        name=loaded.name,
        functions=functions,
        consts=consts,
        states=states,
        imports=imports,
        structs=structs,
        enums=enums,
        executions=tuple(executions),
        handlers=tuple(handlers),
        declarations=tuple(declarations),
    )


def _implied_alias(path: ast.StringLiteral) -> ast.Ident | None:
    """`import "std/voting";` is called `voting`."""
    text = "".join(part for part in path.parts if isinstance(part, str))
    stem = text.rsplit("/", 1)[-1].removesuffix(".ccl")
    return ast.Ident(text=stem, span=path.span) if stem.isidentifier() else None
