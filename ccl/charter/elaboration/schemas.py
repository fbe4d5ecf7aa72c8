"""Application of the schemas (`ccl.prelude.schemas`) to the charter."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from ccl.abi.text.suggest import distance, nearest
from ccl.charter.elaboration.inheritance import HEAD_KEYS
from ccl.charter.elaboration.job_defaults import Supplies
from ccl.charter.elaboration.misspelt_sections import check_names_of_sections
from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import prune
from ccl.checking.expressions.literals import cid
from ccl.diagnostics.fixes import spelling_fix
from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.ir import typed
from ccl.ir.charter import Charter, Property, Setting, Tree, is_conditional, key_of, span_of
from ccl.ir.typed import NumberUnit
from ccl.ir.types import Array, Prim, Type
from ccl.prelude.schemas import (
    MIB,
    OPEN_SECTIONS,
    SCHEMAS,
    SLIP_DISTANCE_MAX,
    WHOLE_SHARE,
    Field,
    Kind,
    in_words,
)
from ccl.support.node import replace


def apply(checker: Checker, charter: Charter) -> None:
    """Checks every section that has a schema, and keeps the defaults for jobs in the charter."""
    check_names_of_sections(checker.sink, charter)
    supplies = Supplies(checker.sink)
    for path, names in OPEN_SECTIONS.items():
        for section, _ in _sections(charter.root, path.split(".")):
            for entry in section.settings:
                if key_of(entry) not in names:
                    _slip(checker.sink, path, section, entry, names)
    for path, fields in SCHEMAS.items():
        for section, conditional in _sections(charter.root, path.split(".")):
            _check_section(checker, path, section, fields, supplies, conditional)
    charter.job_defaults = supplies.defaults(charter.root)


def _sections(
    tree: Tree, path: list[str], *, conditional: bool = False
) -> Iterator[tuple[Tree, bool]]:
    """Yields the sections at a path, and whether they are under a condition.

    Several that differ in their labels are ambiguous.
    """
    if not path:
        yield tree, conditional
        return
    found = [each for each in tree.named(path[0]) if isinstance(each, Tree)]
    if len(found) == 1:
        some = conditional or is_conditional(found[0])
        yield from _sections(found[0], path[1:], conditional=some)


def _check_section(
    checker: Checker,
    path: str,
    section: Tree,
    known: Mapping[str, Field],
    supplies: Supplies,
    conditional: bool,
) -> None:
    """Checks the entries of a section; those under a condition supply nothing, as `submit_job`
    reports."""
    for entry in section.settings:
        if key_of(entry) in HEAD_KEYS:
            continue
        field = known.get(key_of(entry))
        if field is None:
            _unknown_key(checker.sink, path, section, entry, tuple(known))
            continue
        node = _value(checker, path, entry, field)
        if node is None or field.feeds is None:
            continue
        key = key_of(entry)
        if conditional or is_conditional(entry):
            supplies.give_under_condition(field.feeds, f"{path}.{key}", span_of(entry))
        else:
            supplies.give(field.feeds, path, key, node)


def _unknown_key(
    sink: Sink, path: str, section: Tree, entry: Setting, known: tuple[str, ...]
) -> None:
    if not _slip(sink, path, section, entry, known):
        listed = ", ".join(f"`{each}`" for each in known)
        sink.report("CCL0303", span_of(entry), key=key_of(entry), section=path, known=listed)


def _slip(sink: Sink, path: str, section: Tree, entry: Setting, known: tuple[str, ...]) -> bool:
    """Reports a key that is close to a known one; returns whether it is."""
    key, span = key_of(entry), span_of(entry)
    near = nearest(key, known)
    if near is None or distance(key, near, SLIP_DISTANCE_MAX) > SLIP_DISTANCE_MAX:
        return False
    fixes, advice = spelling_fix(span, near, section.keys)
    sink.report("CCL0302", span, key=key, section=path, nearest=near, fixes=fixes, advice=advice)
    return True


def _value(checker: Checker, path: str, entry: Setting, field: Field) -> typed.Expr | None:
    """Returns the value in the unit that jobs use; None after reporting, or where none is used."""
    if field.kind is Kind.ANY:
        return None
    if isinstance(entry, Tree) or field.kind is Kind.SECTION:
        if isinstance(entry, Tree) != (field.kind is Kind.SECTION):
            found = "a section" if isinstance(entry, Tree) else _described(entry)
            _wrong_kind(checker.sink, path, entry, field, found)
        return None
    node = _of_kind(checker, entry, field)
    if node is None:
        _wrong_kind(checker.sink, path, entry, field, _described(entry))
        return None
    return node if _in_range(checker.sink, path, entry, field, node) else None


def _of_kind(checker: Checker, entry: Property, field: Field) -> typed.Expr | None:
    constant, value = entry.constant, entry.node.value
    kind = prune(constant.type) if constant is not None else None
    unit = value.unit if isinstance(value, typed.CharterNumber) else None
    match field.kind:
        case Kind.COUNT if kind is Prim.INTEGER and unit is NumberUnit.PLAIN:
            return constant
        case Kind.AMOUNT if kind is Prim.INTEGER and unit in (NumberUnit.PLAIN, NumberUnit.BYTES):
            return constant
        case Kind.SIZE if isinstance(constant, typed.ScalarConst) and kind is Prim.INTEGER:
            scale = MIB if unit is NumberUnit.PLAIN else 1
            return replace(constant, value=constant.value * scale)
        case Kind.SECONDS if isinstance(constant, typed.ScalarConst) and (
            kind is Prim.DURATION or (kind is Prim.INTEGER and unit is NumberUnit.PLAIN)
        ):
            return replace(constant, type=Prim.INTEGER)
        case Kind.SHARE if isinstance(constant, typed.ScalarConst):
            return _share(constant, kind, unit)
        case Kind.FLAG if kind is Prim.BOOL:
            return constant
        case Kind.TEXT if kind is Prim.STRING:
            return constant
        case Kind.TEXTS if kind == Array(Prim.STRING):
            return constant
        case Kind.TEXTS if isinstance(value, typed.CharterList) and not value.items:
            return typed.ArrayNew(elements=(), type=Array(Prim.STRING), span=value.span)
        case Kind.TEXTS if kind is Prim.STRING and constant is not None:
            return typed.ArrayNew(elements=(constant,), type=Array(Prim.STRING), span=constant.span)
        case Kind.CID if isinstance(constant, typed.TextConst):
            return cid(checker.sink, constant.value, constant.span)
        case _:
            return None


def _share(
    constant: typed.ScalarConst, kind: Type | None, unit: NumberUnit | None
) -> typed.Expr | None:
    """Returns a share in millionths: a Decimal or a percentage as it is, a whole number as so many
    wholes."""
    if kind is Prim.DECIMAL:
        return constant
    if kind is Prim.INTEGER and unit is NumberUnit.PLAIN:
        return replace(constant, value=constant.value * WHOLE_SHARE, type=Prim.DECIMAL)
    return None


def _described(entry: Property) -> str:
    value = entry.node.value
    match value:
        case typed.CharterNumber(unit=NumberUnit.PERCENT):
            return "a percentage"
        case typed.CharterNumber(unit=NumberUnit.BYTES):
            return "a size"
        case typed.CharterNumber(unit=NumberUnit.SECONDS):
            return "a duration"
        case typed.CharterNumber(unit=NumberUnit.UNIX_SECONDS):
            return "a time"
        case typed.CharterNumber(value=str()):
            return "a Decimal"
        case typed.CharterNumber():
            return "a whole number"
        case typed.CharterText():
            return "a text"
        case typed.CharterBool():
            return "true or false"
        case typed.CharterList():
            return "a list"
        case typed.CharterObject():
            return "a section"
        case typed.CharterBand():
            return "a range"
        case typed.CharterCall():
            return "a call"
        case _:
            assert_never(value)


def _wrong_kind(sink: Sink, path: str, entry: Setting, field: Field, found: str) -> None:
    span = entry.span if isinstance(entry, Tree) else entry.node.value.span
    sink.report(
        "CCL0304", span, section=path, key=key_of(entry), expected=field.kind.value, found=found
    )


def _in_range(sink: Sink, path: str, entry: Property, field: Field, node: typed.Expr) -> bool:
    match node:
        case typed.ScalarConst(value=value) if not field.low <= value <= field.high:
            bound, found = in_words(field, value)
            sink.report(
                "CCL0305",
                node.span,
                section=path,
                key=key_of(entry),
                expected=bound,
                found=found,
            )
            return False
        case typed.TextConst(value=text) if len(text.encode()) > field.bytes_max:
            sink.report(
                "CCL0305",
                node.span,
                section=path,
                key=key_of(entry),
                expected=f"at most {field.bytes_max} bytes long",
                found=f"{len(text.encode())} bytes",
            )
            return False
        case typed.TextConst(value=text) if field.choices and text not in field.choices:
            near = nearest(text, field.choices)
            fix = () if near is None else (Fix(f'write "{near}"', (Edit(node.span, f'"{near}"'),)),)
            sink.report(
                "CCL0430",
                node.span,
                value=text,
                parameter=key_of(entry),
                choices=", ".join(f'"{each}"' for each in field.choices),
                nearest=near,
                fixes=fix,
            )
            return False
        case _:
            return True
