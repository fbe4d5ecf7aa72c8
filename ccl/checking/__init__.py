"""The checker: from resolved files to the typed tree. `check` is its only door."""

from ccl import ast, typed
from ccl.abi.layout import HANDLER_PREFIX, RUN_EXPORT
from ccl.checking import closures, functions, instances, schemas
from ccl.checking.charter import Charter, Tree
from ccl.checking.charter_conditions import report_effects
from ccl.checking.charter_reading import read_charter
from ccl.checking.environment import Checker, EnumInfo, Generic, Packer, PackFailure, StructInfo
from ccl.checking.functions import Entry
from ccl.checking.inference import fresh
from ccl.checking.lints import report_unused_items
from ccl.checking.type_names import read_type
from ccl.diagnostics import Label, Sink
from ccl.resolved import FileScope, Scoped
from ccl.source import Span
from ccl.types import Enumeration, Struct, Type

__all__ = ["PackFailure", "Packer", "check"]

EXECUTION_ID = "execution"


def check(
    scoped: Scoped, packer: Packer, sink: Sink, *, extra_exports: frozenset[str] = frozenset()
) -> typed.Program | None:
    """The whole program, typed; None if anything is wrong. All faults are in `sink`."""
    empty = Charter(Tree(key="charter", label=None, span=Span(scoped.root, 0, 0), entries=()))
    checker = Checker(scoped=scoped, sink=sink, packer=packer, charter=empty)
    _declare_types(checker)
    _declare_functions(checker)
    checker.charter = read_charter(checker, scoped.root_scope)
    schemas.apply(checker, checker.charter)
    entries = _entries(checker)
    checked = functions.check_bodies(checker, entries, sink)
    report_effects(checker, checked)
    exports = _exports(checker, entries, extra_exports)
    structs, enums = instances.definitions(checker)
    report_unused_items(checker, frozenset(each.function for each in exports))
    if sink.has_errors:
        return None
    return typed.Program(
        functions=checked,
        exports=exports,
        structs={**structs, **checker.records},
        enums=enums,
        charter=checker.charter.nodes(),
        conditions=checker.charter.checked_conditions,
        packed=tuple(checker.packed[cid] for cid in sorted(checker.packed)),
    )


def _declare_types(checker: Checker) -> None:
    for scope in checker.scoped.files.values():
        for name, item in scope.structs.items():
            identity = checker.function_id(scope, name)
            checker.structs[identity] = StructInfo(
                item=item,
                scope=scope,
                type=Struct(identity, name),
                parameters=tuple(fresh() for _ in item.type_parameters),
            )
        for name, enum in scope.enums.items():
            identity = checker.function_id(scope, name)
            checker.enums[identity] = EnumInfo(
                item=enum,
                scope=scope,
                type=Enumeration(identity, name),
                parameters=tuple(fresh() for _ in enum.type_parameters),
            )
        for state in scope.states.values():
            checker.sink.report("CCL0690", state.name.span, what="state")
    for info in checker.structs.values():
        info.fields = _fields(checker, info)
    for declared in checker.enums.values():
        declared.variants = _variants(checker, declared)
    _report_recursive(checker)


def _fields(checker: Checker, info: StructInfo) -> tuple[tuple[str, Type], ...]:
    fields: dict[str, Type] = {}
    first: dict[str, Span] = {}
    parameters = _parameters(info)
    for field in info.item.fields:
        name = field.name.text
        kind = read_type(checker, info.scope, field.type, parameters)
        if name in fields:
            checker.sink.report(
                "CCL0211", field.name.span, name=name, labels=(Label(first[name], "first here"),)
            )
            continue
        fields[name], first[name] = kind, field.name.span
    return tuple(fields.items())


def _parameters(info: StructInfo | EnumInfo) -> dict[str, Type]:
    """The type parameters of a declaration by name."""
    names = (each.text for each in info.item.type_parameters)
    return dict(zip(names, info.parameters, strict=True))


def _variants(checker: Checker, info: EnumInfo) -> tuple[tuple[str, tuple[Type, ...]], ...]:
    variants: dict[str, tuple[Type, ...]] = {}
    first: dict[str, Span] = {}
    parameters = _parameters(info)
    for variant in info.item.variants:
        name = variant.name.text
        payload = tuple(
            read_type(checker, info.scope, each, parameters) for each in variant.payload
        )
        if name in variants:
            checker.sink.report(
                "CCL0211",
                variant.name.span,
                name=name,
                labels=(Label(first[name], "first here"),),
            )
            continue
        variants[name], first[name] = payload, variant.name.span
    return tuple(variants.items())


def _report_recursive(checker: Checker) -> None:
    """A struct that contains itself has no end; an Array, Map or Option in between ends it."""
    for identity, info in checker.structs.items():
        for (_, kind), field in zip(info.fields, info.item.fields, strict=False):
            if isinstance(kind, Struct) and _reaches(checker, kind, identity, set()):
                checker.sink.report("CCL0212", field.type.span, name=info.type.name)


def _reaches(checker: Checker, kind: Struct, goal: str, seen: set[str]) -> bool:
    declaration = kind.id if kind.instance is None else kind.instance.id
    if declaration == goal:
        return True
    if kind.id in seen or len(seen) > instances.INSTANCES_MAX:
        return False
    seen.add(kind.id)
    return any(
        isinstance(each, Struct) and _reaches(checker, each, goal, seen)
        for _, each in instances.struct_of(checker, kind).fields
    )


def _declare_functions(checker: Checker) -> None:
    closures.find_higher_order(checker)
    for scope in checker.scoped.files.values():
        for item in scope.functions.values():
            identity = checker.function_id(scope, item.name.text)
            if identity in checker.function_parameters:
                continue
            if item.type_parameters:
                checker.generics[identity] = Generic(item=item, scope=scope)
                continue
            signature = functions.declare(checker, scope, item)
            checker.signatures[signature.id] = signature


def _entries(checker: Checker) -> tuple[Entry, ...]:
    """`execution` and the handlers of the root file; imported files have neither."""
    found: list[Entry] = []
    for scope in checker.scoped.files.values():
        if scope.file != checker.scoped.root:
            if scope.executions or scope.handlers:
                _report_program(checker, scope)
            continue
        for extra in scope.executions[1:]:
            checker.sink.report(
                "CCL0701",
                extra.span,
                labels=(Label(scope.executions[0].span, "the first one"),),
            )
        for execution in scope.executions[:1]:
            found.append(
                Entry(
                    id=EXECUTION_ID,
                    scope=scope,
                    bodies=(execution.body,),
                    context=False,
                    span=execution.span,
                )
            )
        by_event: dict[str, list[ast.Handler]] = {}
        for handler in scope.handlers:
            by_event.setdefault(_event(handler), []).append(handler)
        for event, handlers in by_event.items():
            found.append(
                Entry(
                    id=HANDLER_PREFIX + event,
                    scope=scope,
                    bodies=tuple(each.body for each in handlers),
                    context=True,
                    span=handlers[0].event.span,
                )
            )
    return tuple(found)


def _report_program(checker: Checker, imported: FileScope) -> None:
    """A file with an entry of its own is a program: submit it as a module, do not import it."""
    for scope in checker.scoped.files.values():
        for each in scope.imports.values():
            if each.file == imported.file:
                checker.sink.report(
                    "CCL0205",
                    each.item.path.span,
                    path="".join(part for part in each.item.path.parts if isinstance(part, str)),
                    reason="it is a program, with an `execution` or a handler of its own",
                )


def _event(handler: ast.Handler) -> str:
    return "".join(part for part in handler.event.parts if isinstance(part, str))


def _exports(
    checker: Checker, entries: tuple[Entry, ...], extra: frozenset[str]
) -> tuple[typed.Export, ...]:
    """`run`, handlers, `export fn`, and what the caller asks for besides."""
    scope = checker.scoped.root_scope
    exports: list[typed.Export] = []
    for entry in entries:
        name = RUN_EXPORT if entry.id == EXECUTION_ID else entry.id
        exports.append(typed.Export(name=name, function=entry.id, doc=None))
    run = scope.functions.get(RUN_EXPORT)
    if run is not None and scope.executions:
        checker.used_functions.add(checker.function_id(scope, RUN_EXPORT))
        checker.sink.report(
            "CCL0702",
            run.name.span,
            labels=(Label(scope.executions[0].span, "this is the program's `run` already"),),
        )
    for name, item in scope.functions.items():
        identity = checker.function_id(scope, name)
        if identity not in checker.signatures:
            if item.exported:
                generic = identity in checker.generics
                what = (
                    "an exported generic function" if generic else "an export that takes functions"
                )
                checker.sink.report("CCL0690", item.name.span, what=what)
            continue
        if item.exported or name in extra or (name == RUN_EXPORT and not scope.executions):
            if item.test:
                checker.sink.report("CCL0690", item.name.span, what="test fn")
            exports.append(typed.Export(name=name, function=identity, doc=item.doc))
    return tuple(exports)
