"""Entries and exports: `execution`, `run`, handlers, exported functions.

Those of the root file and its contracts; imported files have only what others call or include. The
functions of a file's only contract are exported under their own names, those of several under
`Name.function`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ccl.abi.layout import CHARTER_EXPORT, HANDLER_PREFIX, RUN_EXPORT, RUNTIME_EXPORTS
from ccl.checking.core.environment import Checker
from ccl.checking.functions.bodies import Entry
from ccl.checking.handlers.job_events import check_event
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.resolver.scopes import FileScope, Scoped
from ccl.source.spans import Span
from ccl.support.node import Node
from ccl.syntax import ast

ENTRY_SUFFIX = " entry"
"""The suffix of an entry's id, after the name of its export; no function can have it."""


class Part(Node, frozen=True, kw_only=True):
    """The root file or one of its contracts; `prefix` comes before the names of its exports."""

    prefix: str
    scopes: tuple[FileScope, ...]
    runs: bool
    """Whether its `run` is the program's."""


def parts_of(scoped: Scoped) -> tuple[Part, ...]:
    """Returns the root file and its contracts."""
    texts = scoped.texts_of(scoped.root)
    only = len(texts) == 1
    return (
        Part(prefix="", scopes=(scoped.root_scope,), runs=True),
        *(
            Part(prefix="" if only else f"{name}.", scopes=scopes, runs=only)
            for name, scopes in texts.items()
        ),
    )


def root_functions(checker: Checker) -> Iterator[tuple[str, str, ast.Function]]:
    """Yields the functions of the root file and its contracts: exported name, id, item."""
    for part in parts_of(checker.scoped):
        for scope in part.scopes:
            for name, item in scope.own_functions.items():
                yield part.prefix + name, checker.function_id(scope, name), item


def find_entries(checker: Checker) -> tuple[Entry, ...]:
    """Returns the bodies that are not functions: `execution`, and the handlers of each event
    together."""
    for scope in checker.scoped.files.values():
        imported = scope.outer is None and scope.file != checker.scoped.root
        if imported and (scope.executions or scope.handlers):
            _report_program(checker, scope)
    parts = parts_of(checker.scoped)
    for part in parts:
        for scope in part.scopes:
            for each in scope.handlers:
                check_event(checker.sink, _event(each), each.event.span)
    return (*_executions(checker, parts), *_handlers(parts))


def _executions(checker: Checker, parts: tuple[Part, ...]) -> list[Entry]:
    found: list[Entry] = []
    first: dict[str, Span] = {}
    for part in parts:
        for scope in part.scopes:
            for execution in scope.executions:
                name = part.prefix + RUN_EXPORT
                if name in first:
                    checker.sink.report(
                        "CCL0701",
                        execution.span,
                        labels=(Label(first[name], "the first one"),),
                    )
                    continue
                first[name] = execution.span
                found.append(
                    Entry(
                        id=name + ENTRY_SUFFIX,
                        name=name,
                        bodies=((scope, execution.body),),
                        event=None,
                        span=execution.span,
                    )
                )
    return found


def _handlers(parts: tuple[Part, ...]) -> list[Entry]:
    by_event: dict[str, list[tuple[FileScope, ast.Handler]]] = {}
    for part in parts:
        for scope in part.scopes:
            for handler in scope.handlers:
                by_event.setdefault(_event(handler), []).append((scope, handler))
    return [
        Entry(
            id=HANDLER_PREFIX + event + ENTRY_SUFFIX,
            name=HANDLER_PREFIX + event,
            bodies=tuple((scope, each.body) for scope, each in handlers),
            event=event,
            span=handlers[0][1].event.span,
        )
        for event, handlers in by_event.items()
    ]


def _report_program(checker: Checker, imported: FileScope) -> None:
    """Reports the import of a program: a file with an entry is submitted as a module, not
    imported."""
    for scope in checker.scoped.files.values():
        for each in scope.imports.values():
            if each.file == imported.file and each.item is not None:
                checker.sink.report(
                    "CCL0205",
                    each.item.path.span,
                    path="".join(part for part in each.item.path.parts if isinstance(part, str)),
                    reason="it is a program, with an `execution` or a handler of its own",
                )


def _event(handler: ast.Handler) -> str:
    return "".join(part for part in handler.event.parts if isinstance(part, str))


@dataclass(slots=True)
class _Exports:
    checker: Checker
    extra: frozenset[str]
    found: dict[str, typed.Export]
    places: dict[str, Span]

    def functions(self, part: Part, scope: FileScope) -> None:
        for name, item in scope.own_functions.items():
            self._function(part, scope, name, item)

    def _function(self, part: Part, scope: FileScope, name: str, item: ast.Function) -> None:
        checker = self.checker
        if not name.isidentifier():
            # Made for the program's own calls: what a proposal does follows from its vote alone.
            return
        identity = checker.function_id(scope, name)
        given = part.prefix + name
        is_run = name == RUN_EXPORT and part.runs
        if identity not in checker.signatures:
            if item.exported:
                generic = identity in checker.generics
                advice = "generic" if generic else "function"
                checker.sink.report("CCL0708", item.name.span, name=name, advice=advice)
            return
        requested = {given, f"{scope.contract}.{name}"} & self.extra
        if item.test:
            if requested:
                checker.sink.report("CCL0722", item.name.span, name=name)
            return
        if not (item.exported or requested or is_run):
            return
        if is_run and RUN_EXPORT in self.places:
            checker.used_functions.add(identity)
            checker.sink.report(
                "CCL0702",
                item.name.span,
                labels=(Label(self.places[RUN_EXPORT], "this is the program's `run` already"),),
            )
            return
        for each in sorted({given, *requested} if item.exported or is_run else requested):
            self._add(each, identity, item)

    def _add(self, name: str, identity: str, item: ast.Function) -> None:
        replays = name == CHARTER_EXPORT and bool(self.checker.charter.nodes())
        if replays or name in RUNTIME_EXPORTS:
            if item.exported or not replays:  # `--entry charter` is the charter itself
                advice = "charter" if replays else "runtime"
                self.checker.sink.report("CCL0709", item.name.span, name=name, advice=advice)
            return
        if name in self.found:
            self.checker.sink.report(
                "CCL0227",
                item.name.span,
                name=name,
                labels=(Label(self.places[name], "exported under this name already"),),
            )
            return
        self.places[name] = item.name.span
        self.found[name] = typed.Export(name=name, function=identity, doc=item.doc)


def find_exports(
    checker: Checker, entries: tuple[Entry, ...], extra: frozenset[str]
) -> tuple[typed.Export, ...]:
    """Returns the exports: `run`, handlers, `export fn`, and the `extra` ones of the
    command."""
    exports = _Exports(checker, extra, {}, {})
    for entry in entries:
        exports.found[entry.name] = typed.Export(name=entry.name, function=entry.id, doc=None)
        exports.places[entry.name] = entry.span
    for part in parts_of(checker.scoped):
        for scope in part.scopes:
            exports.functions(part, scope)
    return tuple(exports.found.values())
