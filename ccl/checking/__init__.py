"""The checker: from resolved files to the typed tree.

`ccl.pipeline` takes its steps in order; the charter is elaborated between the first two.
"""

from typing import assert_never

from ccl.checking.core.declarations import EnumInfo, StructInfo
from ccl.checking.core.duplicates import report_repeats
from ccl.checking.core.environment import Checker, Doors, PackedModules
from ccl.checking.core.signatures import Generic
from ccl.checking.core.type_names import read_type
from ccl.checking.core.unification import fresh, is_constructed
from ccl.checking.expressions import expressions
from ccl.checking.expressions.statements import check_statement
from ccl.checking.functions import bodies as functions
from ccl.checking.functions import higher_order, instances, templates, tests
from ccl.checking.functions.bodies import Entry
from ccl.checking.functions.entries import find_entries, find_exports
from ccl.checking.inference import elaboration, solving
from ccl.checking.inference.error_types import without_open_types
from ccl.checking.lints.discarded_values import report_dropped
from ccl.checking.lints.quadratic_loops import report_growth
from ccl.checking.lints.unused import report_unused_items
from ccl.checking.roles import roles
from ccl.checking.rules.aliasing import report_overlap
from ccl.checking.rules.limits import report_limits, report_stored
from ccl.checking.rules.mutations import state_uses
from ccl.checking.state import rules
from ccl.checking.state.variables import declare_states
from ccl.checking.symbols.interface import interfaces_of
from ccl.checking.symbols.table import symbol_table
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.charter import Charter, Tree
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)
from ccl.resolver.scopes import Scoped
from ccl.source.spans import Span
from ccl.support.cancellation import Cancellation
from ccl.support.node import Node
from ccl.syntax import ast

__all__ = [
    "Bodies",
    "Checker",
    "PackedModules",
    "check_bodies",
    "declare",
    "interfaces_of",
    "report_rules",
    "symbol_table",
    "typed_program",
]

DOORS = Doors(
    infer=expressions.infer,
    check=expressions.check,
    discard=expressions.discard,
    statement=check_statement,
)
"""The functions by which each form checks its parts."""


class Bodies(Node, frozen=True, kw_only=True):
    """The bodies of a program: its entries, and every function and condition, typed, by id."""

    entries: tuple[Entry, ...]
    functions: dict[str, typed.Function]


def declare(
    scoped: Scoped, packed_modules: PackedModules, sink: Sink, cancellation: Cancellation
) -> Checker:
    """Reads the declarations of every file; types left out of them are open.

    `cancellation` may end this and all that follows by Cancelled.
    """
    nothing = Tree(key="charter", label=None, span=Span(scoped.root, 0, 0), entries=())
    checker = Checker(
        doors=DOORS,
        scoped=scoped,
        sink=sink,
        packed_modules=packed_modules,
        charter=Charter(nothing),
        cancellation=cancellation,
    )
    checker.home_files = solving.home_files(scoped)
    _declare_types(checker)
    _declare_functions(checker)
    declare_states(checker)
    rules.declare_invariants(checker)
    roles.report_parents(checker)
    return checker


def check_bodies(checker: Checker) -> Bodies:
    """Types the bodies of a program whose charter is elaborated."""
    entries = find_entries(checker)
    functions = elaboration.check_bodies(checker, entries, checker.charter.conditions)
    return Bodies(entries=entries, functions=functions)


def report_rules(checker: Checker, bodies: Bodies) -> None:
    """Reports errors that only show once every body is typed: limits, state, aliasing, growing
    loops."""
    report_limits(checker, bodies.functions)
    uses = state_uses(bodies.functions) if checker.states else {}
    variables = {name: each.variables for name, each in uses.items()}
    rules.report_state(checker, bodies.functions, variables)
    report_overlap(checker, bodies.functions, uses)
    report_growth(checker, bodies.functions)
    report_dropped(checker, bodies.functions)


def typed_program(
    checker: Checker,
    bodies: Bodies,
    conditions: tuple[typed.CharterCondition, ...],
    *,
    extra_exports: frozenset[str],
    for_tests: bool,
) -> typed.Program:
    """Assembles the correct parts of the program; all of it if no error is reported.

    Reports unused items. `for_tests`: the program's entries are the tests of the root file, and
    nothing else.
    """
    exports = find_exports(checker, bodies.entries, extra_exports)
    structs, enums = instances.definitions(checker)
    report_unused_items(checker, frozenset(each.function for each in exports))
    entries_of_tests = tests.exports_of_tests(checker)
    tests.report_forms(checker, bodies.functions, exports)
    states = rules.states_of(checker, structs, enums)
    report_stored(checker.sink, states.values())
    functions = bodies.functions
    return typed.Program(
        functions=without_open_types(functions) if checker.sink.has_errors else functions,
        exports=entries_of_tests if for_tests else exports,
        structs={**structs, **checker.records},
        enums=enums,
        charter=checker.charter.nodes(),
        conditions=conditions,
        packed=tuple(checker.packed[cid] for cid in sorted(checker.packed)),
        states=states,
        invariants=rules.invariants_of(checker),
        migrations=rules.migrations_of(checker),
        articles=checker.charter.cited_articles(),
    )


def _declare_types(checker: Checker) -> None:
    for scope in checker.scoped.files.values():
        for name, item in scope.own_structs.items():
            identity = checker.type_id(scope, name)
            checker.structs[identity] = StructInfo(
                item=item,
                scope=scope,
                type=Struct(identity, name),
                parameters=_type_parameters(checker, item),
            )
        for name, enum in scope.own_enums.items():
            identity = checker.type_id(scope, name)
            checker.enums[identity] = EnumInfo(
                item=enum,
                scope=scope,
                type=Enumeration(identity, name),
                parameters=_type_parameters(checker, enum),
            )
    for info in checker.structs.values():
        info.fields = _fields(checker, info)
    for declared in checker.enums.values():
        declared.variants = _variants(checker, declared)
    _report_recursive(checker)


def _type_parameters(checker: Checker, item: ast.Struct | ast.Enumeration) -> tuple[Type, ...]:
    """Returns a fresh type for each; two of one name are reported."""
    report_repeats(checker.sink, item.type_parameters)
    return tuple(fresh() for _ in item.type_parameters)


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
    """Returns the type parameters of a declaration by name."""
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
    """Reports types of infinite size.

    A struct that contains itself is infinite unless an Array, Map or Option is in between; an enum
    needs a variant without itself.
    """
    endless = False
    for identity, info in checker.structs.items():
        kinds = dict(info.fields)
        for field in info.item.fields:
            kind = kinds[field.name.text]
            if isinstance(kind, Struct) and _reaches(checker, kind, identity, set()):
                checker.sink.report("CCL0212", field.type.span, name=info.type.name)
                endless = True
    for enum in checker.enums.values():
        if not endless and enum.item.variants and not _ends(checker, enum.type, frozenset()):
            span = enum.item.variants[0].name.span
            checker.sink.report("CCL0212", span, name=enum.type.name)


def _ends(checker: Checker, kind: Type, around: frozenset[str]) -> bool:
    """Returns whether a value of the type can be made without one of those around it."""
    if not is_constructed(kind):
        return True
    match kind:
        case Struct(id=identity) | Enumeration(id=identity) if (
            identity in around or len(around) > instances.INSTANCES_MAX
        ):
            return identity not in around
        case Struct(id=identity):
            inside = around | {identity}
            fields = instances.struct_of(checker, kind).fields
            return all(_ends(checker, each, inside) for _, each in fields)
        case Enumeration(id=identity):
            inside = around | {identity}
            variants = instances.enum_of(checker, kind).variants
            return not variants or any(
                all(_ends(checker, each, inside) for each in payload) for _, payload in variants
            )
        case Result(ok, err):
            return _ends(checker, ok, around) or _ends(checker, err, around)
        case Prim() | Array() | Map() | Option() | Token() | ErrorType():
            return True
        case _:
            assert_never(kind)


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
    higher_order.find_higher_order(checker)
    for scope in checker.scoped.files.values():
        for item in scope.own_functions.values():
            identity = checker.function_id(scope, item.name.text)
            if templates.is_template(checker, identity, item):
                templates.declare(checker, scope, item)
            if identity in checker.function_parameters:
                continue
            if item.type_parameters:
                checker.generics[identity] = Generic(item=item, scope=scope)
                continue
            signature = functions.declare(checker, scope, item)
            checker.signatures[signature.id] = signature
