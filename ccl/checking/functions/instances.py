"""Instances of generic structs and enums: every use with other types is a type of its own.

The declaration is read once, with open types for its parameters; an instance substitutes the
arguments. Only instances that the program uses reach code generation.
"""

from collections import Counter, deque
from collections.abc import Mapping

from ccl.checking.core.declarations import EnumInfo, StructInfo
from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import (
    has_error_type,
    has_rigid,
    is_open,
    parts,
    prune,
    with_parts,
    zonk,
)
from ccl.ir.types import EnumDef, Enumeration, Instance, Map, Struct, StructDef, Type, is_key
from ccl.support.node import replace

INSTANCES_MAX = 200


def struct_of(checker: Checker, kind: Struct) -> StructInfo:
    """Returns the struct with its fields, the arguments of an instance substituted."""
    if kind.instance is None:
        return checker.structs[kind.id]
    generic = checker.structs[kind.instance.id]
    given = _given(generic, kind.instance)
    fields = tuple((name, _put_in(each, given)) for name, each in generic.fields)
    return replace(generic, type=kind, parameters=(), fields=fields)


def enum_of(checker: Checker, kind: Enumeration) -> EnumInfo:
    """Returns the enum with its variants, the arguments of an instance substituted."""
    if kind.instance is None:
        return checker.enums[kind.id]
    generic = checker.enums[kind.instance.id]
    given = _given(generic, kind.instance)
    variants = tuple(
        (name, tuple(_put_in(each, given) for each in payload))
        for name, payload in generic.variants
    )
    return replace(generic, type=kind, parameters=(), variants=variants)


def applied(info: StructInfo | EnumInfo, arguments: tuple[Type, ...]) -> Type:
    """Returns the type of a declaration for these arguments."""
    kind = info.type
    if not arguments:
        return kind
    return with_parts(replace(kind, instance=Instance(kind.id, kind.name, ())), arguments)


def declares(info: StructInfo | EnumInfo, kind: Struct | Enumeration) -> bool:
    """Returns whether the type is that declaration's, or an instance of it."""
    return info.type.id == (kind.id if kind.instance is None else kind.instance.id)


def note(checker: Checker, kind: Type) -> list[Struct | Enumeration]:
    """Records every closed instance in the type for code generation; returns the new ones."""
    kind = prune(kind)
    new = [found for each in parts(kind) for found in note(checker, each)]
    if not isinstance(kind, Struct | Enumeration) or kind.instance is None:
        return new
    if not (is_open(kind) or has_error_type(kind) or has_rigid(kind)):
        closed = zonk(kind)
        assert isinstance(closed, Struct | Enumeration), "it stays the type it was"
        if closed.id not in checker.type_instances:
            checker.type_instances[closed.id] = closed
            new.append(closed)
    return new


def definitions(checker: Checker) -> tuple[dict[str, StructDef], dict[str, EnumDef]]:
    """Returns the structs and enums for code generation: those without parameters, and instances.

    A program may have as many instances as it writes; each of those leads to a bounded number.
    """
    structs = {
        name: info.definition for name, info in checker.structs.items() if not info.parameters
    }
    enums = {name: info.definition for name, info in checker.enums.items() if not info.parameters}
    pending = deque((kind, name) for name, kind in checker.type_instances.items())
    followed: Counter[str] = Counter()
    while pending:
        kind, root = pending.popleft()
        followed[root] += 1
        if followed[root] > INSTANCES_MAX:
            _report_too_many(checker, kind)
            break
        if isinstance(kind, Struct):
            struct = struct_of(checker, kind)
            structs[kind.id] = struct.definition
            made_of = tuple(each for _, each in struct.fields)
        else:
            enum = enum_of(checker, kind)
            enums[kind.id] = enum.definition
            made_of = tuple(each for _, payload in enum.variants for each in payload)
        for part in made_of:
            _report_keys(checker, kind, part)
            pending.extend((new, root) for new in note(checker, part))
    return structs, enums


def _declaration(checker: Checker, kind: Struct | Enumeration) -> StructInfo | EnumInfo:
    identity = kind.id if kind.instance is None else kind.instance.id
    return checker.structs.get(identity) or checker.enums[identity]


def _report_too_many(checker: Checker, kind: Struct | Enumeration) -> None:
    at = _declaration(checker, kind).item.name.span
    checker.sink.report("CCL0604", at, limit=str(INSTANCES_MAX))


def _report_keys(checker: Checker, owner: Struct | Enumeration, part: Type) -> None:
    """Reports a map in a generic type whose key type, once substituted, no map can have."""
    if isinstance(part, Map) and not is_key(part.key):
        at = _declaration(checker, owner).item.name.span
        checker.sink.report("CCL0417", at, found=f"{part.key} in {owner}")
    for each in parts(part):
        _report_keys(checker, owner, each)


def _given(generic: StructInfo | EnumInfo, instance: Instance) -> Mapping[int, Type]:
    return {
        id(open_type): argument
        for open_type, argument in zip(generic.parameters, instance.arguments, strict=True)
    }


def _put_in(kind: Type, given: Mapping[int, Type]) -> Type:
    if id(kind) in given:
        return given[id(kind)]
    made_of = parts(kind)
    return with_parts(kind, tuple(_put_in(each, given) for each in made_of)) if made_of else kind
