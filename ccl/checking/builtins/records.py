"""Records in code: `{ a: 1 }` as Data. Every field is encoded by its type.

A record is a section body, so it may contain sections, and an `if`: the keys that a branch sets are
present if the branch ran.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from ccl.abi.text.suggest import nearest
from ccl.checking.builtins import slots
from ccl.checking.core.citations import cite
from ccl.checking.core.conversions import as_data
from ccl.checking.core.declarations import Slots
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import has_error_type, is_open, prune, zonk
from ccl.checking.expressions import names
from ccl.checking.expressions.literals import plain_text
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import Array, Prim
from ccl.prelude.functions import CONSTANTS, HANDLER_PARAMETER, HOST_RECORDS
from ccl.source.spans import Span
from ccl.support.node import replace
from ccl.syntax import ast
from ccl.syntax.paths import words_of

_Item = TypeVar("_Item", bound=ast.Item)


def infer_record(body: Body, entries: Sequence[ast.Item], span: Span) -> typed.Expr:
    """Infers the entries as one value of type Data."""
    if body.in_constant:
        body.sink.report("CCL0423", span, what="a record")
        return invalid(span)
    if any(isinstance(each, ast.IfRule) for each in entries):
        return _conditional(body, entries, span)
    fields: dict[str, typed.Expr] = {}
    seen: dict[str, Span] = {}
    for entry in entries:
        key = key_of(body, entry, seen)
        if key is not None:
            fields[key.text] = _of_entry(body, entry)
    if any(is_invalid(each) for each in fields.values()):
        return invalid(span)
    return typed.DataNew(fields=tuple(fields.items()), span=span)


def key_of(
    body: Body, entry: ast.Item, seen: dict[str, Span], where: str = "a record"
) -> ast.Key | None:
    """Returns the key that an entry sets for the first time; None after reporting."""
    misplaced = _misplaced(entry)
    if misplaced is not None:
        span, what, advice = misplaced
        body.sink.report("CCL0331", span, what=what, where=where, advice=advice)
        return None
    assert isinstance(entry, ast.Entry | ast.Section), "the others are misplaced"
    key = entry.key
    if key.text in seen:
        label = Label(seen[key.text], "first set here")
        body.sink.report("CCL0301", key.span, key=key.text, labels=(label,))
        return None
    seen[key.text] = key.span
    return key


def _misplaced(entry: ast.Item) -> tuple[Span, str, str] | None:
    """Returns place and kind of an entry that sets no key, and the fact `advice`."""
    match entry:
        case ast.Entry() | ast.Section() if entry.override:
            return entry.key.span, "`override`", "override"
        case ast.Section() if entry.value or entry.version or entry.extends:
            return entry.key.span, "a section with a value", "label"
        case ast.CallEntry():
            return entry.span, "a call", "call"
        case ast.RangeRule():
            return entry.span, "a range", "range"
        case ast.IfRule():
            return entry.condition.span, "a condition", "rule"
        case ast.Entry() | ast.Section():
            return None
        case _:
            return _misplaced_code(entry)


def _misplaced_code(item: ast.Article | ast.Import | ast.Code) -> tuple[Span, str, str]:
    return item.span, "code", "code"


def _of_entry(body: Body, entry: ast.Item) -> typed.Expr:
    assert isinstance(entry, ast.Entry | ast.Section), "only these have a key"
    if isinstance(entry, ast.Section):
        return infer_record(body, entry.entries, entry.span)
    return infer_part(body, entry.value, entry.key)


def infer_part(body: Body, value: ast.Expr, key: ast.Key) -> typed.Expr:
    """Infers the value of an entry, of whatever type Data can hold."""
    if isinstance(value, ast.InlineObject):
        return infer_record(body, value.entries, value.span)
    if isinstance(value, ast.ArrayExpr):
        parts = tuple(as_data(infer_part(body, e, key)) for e in value.elements)
        if any(is_invalid(each) for each in parts):
            return invalid(value.span)
        return typed.ArrayNew(elements=parts, type=Array(Prim.DATA), span=value.span)
    node = body.infer(value)
    kind = zonk(node.type)
    if has_error_type(kind):
        return invalid(value.span)
    if prune(kind) in (Prim.UNIT, Prim.NEVER):
        body.sink.report("CCL0330", value.span, key=key.text)
        return invalid(value.span)
    if body.final and is_open(kind):
        body.sink.report("CCL0409", value.span, what=f"`{key.text}`")
        return invalid(value.span)
    return node


def as_object(section: ast.Section) -> ast.InlineObject:
    """Reads `data { … }` as `data: { … }`."""
    entries = tuple(each for each in section.entries if isinstance(each, ast.AnyEntry))
    return ast.InlineObject(entries=entries, span=section.span)


def _conditional(body: Body, entries: Sequence[ast.Item], span: Span) -> typed.Expr:
    keys_set = slots.new(body, _keys(entries), span)
    statements = _branch(body, entries, keys_set)
    if statements is None:
        return invalid(span)
    return typed.Block(
        statements=(*slots.empty(keys_set), *statements),
        value=slots.record(keys_set),
        type=Prim.DATA,
        span=span,
    )


def _keys(entries: Sequence[ast.Item]) -> Iterator[str]:
    for entry in entries:
        match entry:
            case ast.Entry() | ast.Section():
                yield entry.key.text
            case ast.IfRule():
                yield from _keys(entry.then)
                yield from _keys(entry.otherwise)
            case _:  # `key_of` reports it
                pass


def _branch(
    body: Body, entries: Sequence[ast.Item], keys_set: Slots
) -> tuple[typed.Statement, ...] | None:
    """Checks the entries of one branch; None after reporting."""
    done: list[typed.Statement] = []
    seen: dict[str, Span] = {}
    fine = True
    for entry in entries:
        if isinstance(entry, ast.IfRule):
            rule = _rule(body, entry, keys_set)
            fine = fine and rule is not None
            done += [] if rule is None else [rule]
            continue
        key = key_of(body, entry, seen)
        value = invalid(entry.span) if key is None else _of_entry(body, entry)
        fine = fine and not is_invalid(value)
        if key is not None and fine:
            done.append(slots.set_slot(keys_set, key.text, value, entry.span))
    return tuple(done) if fine else None


def _rule(body: Body, rule: ast.IfRule, keys_set: Slots) -> typed.Statement | None:
    if rule.override:
        span = rule.condition.span
        body.sink.report("CCL0331", span, what="`override`", where="a record", advice="override")
        return None
    if rule.article is not None:
        cite(body.checker, plain_text(rule.article) or "", rule.article.span)
    condition = body.check(rule.condition, Prim.BOOL)
    then = _branch(body, rule.then, keys_set)
    otherwise = _branch(body, rule.otherwise, keys_set)
    if is_invalid(condition) or then is None or otherwise is None:
        return None
    branch = typed.If(
        condition=condition,
        then=_unit(then, rule.span),
        otherwise=_unit(otherwise, rule.span) if otherwise else None,
        type=Prim.UNIT,
        span=rule.span,
    )
    return typed.Evaluate(value=branch, span=rule.span)


def _unit(statements: tuple[typed.Statement, ...], span: Span) -> typed.Expr:
    return typed.Block(statements=statements, value=None, type=Prim.UNIT, span=span)


# --- words ------------------------------------------------------------------------------


def with_words(body: Body, value: ast.Expr) -> ast.Expr:
    """Returns an entry's value with texts for bare words that are no values, at any depth."""
    match value:
        case ast.InlineObject():
            entries = tuple(_entry_with_words(body, each) for each in value.entries)
            return replace(value, entries=entries)
        case ast.ArrayExpr():
            return replace(value, elements=tuple(with_words(body, e) for e in value.elements))
        case ast.Name() | ast.Field():
            return _word(body, value)
        case _:  # a value of code
            return value


def _entry_with_words(body: Body, entry: _Item) -> _Item:
    match entry:
        case ast.Entry():
            return replace(entry, value=with_words(body, entry.value))
        case ast.Section():
            return replace(entry, entries=tuple(_entry_with_words(body, e) for e in entry.entries))
        case ast.IfRule():
            return replace(
                entry,
                then=tuple(_entry_with_words(body, each) for each in entry.then),
                otherwise=tuple(_entry_with_words(body, each) for each in entry.otherwise),
            )
        case _:  # `key_of` reports it
            return entry


def _word(body: Body, value: ast.Expr) -> ast.Expr:
    """Returns a bare word, or a path of words, as the value of this name, else as a text."""
    path = words_of(value)
    if not path or _is_value(body, path[0]):
        return value
    if len(path) > 1 and _leads_somewhere(body, path[0]):
        return value
    if len(path) == 1 and path[0].isupper() and len(path[0]) > 1:
        return value  # a constant that is not there
    return ast.StringLiteral(parts=(".".join(path),), span=value.span)


def _is_value(body: Body, name: str) -> bool:
    return (
        body.find(name) is not None
        or name in body.scope.consts
        or name in body.scope.states
        or name in CONSTANTS
        or name in (*HOST_RECORDS, HANDLER_PARAMETER, "None")
    )


def _leads_somewhere(body: Body, name: str) -> bool:
    """Returns whether a path from here is read as one, or rather misspelt."""
    scope = body.scope
    return (
        name in scope.imports
        or name in scope.type_names
        or name in ("charter", "ResourceType")
        or names.is_root_section(body, name)
        or nearest(name, names.known_values(body)) is not None
    )
