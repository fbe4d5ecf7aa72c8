"""Patterns, read against the type of their subject.

Rule: a pattern that does not fit is reported here, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

from ccl.checking.calls.arguments import counted
from ccl.checking.constants import inlining
from ccl.checking.core.conversions import names_of
from ccl.checking.core.environment import Body, is_invalid
from ccl.checking.core.operands import is_ordered
from ccl.checking.core.type_names import declared_type
from ccl.checking.core.unification import (
    has_error_type,
    is_constructed,
    is_rigid,
    open_number,
    unify,
    variable_of,
    zonk,
)
from ccl.checking.core.variables import Origin
from ccl.checking.expressions import enums
from ccl.checking.expressions.literals import plain_text
from ccl.checking.expressions.lvalues import field_index
from ccl.checking.functions import instances
from ccl.checking.patterns.shapes import (
    WRONG,
    Anything,
    Either,
    Elements,
    Equal,
    Fields,
    Shape,
    Variant,
    Within,
    alternatives,
)
from ccl.checking.patterns.subject_types import suggested_by, written
from ccl.checking.symbols.uses import note_prelude, note_value, note_variant
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.symbols import SymbolKind
from ccl.ir.types import (
    ERROR_TYPE,
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
from ccl.source.spans import Span
from ccl.syntax import ast

_OF_ANY_TYPE = ast.WildcardPattern | ast.NamePattern | ast.OrPattern
VariantTypes: TypeAlias = tuple[tuple[str, tuple[Type, ...]], ...]


def variants(body: Body, kind: Type) -> VariantTypes:
    """Returns names and payloads by tag; nothing for a type without variants."""
    if not is_constructed(kind):
        return ()
    match kind:
        case Option(value):
            return (("None", ()), ("Some", (value,)))
        case Result(ok, err):
            return (("Ok", (ok,)), ("Err", (err,)))
        case Enumeration():
            return instances.enum_of(body.checker, kind).variants
        case Prim() | Array() | Map() | Token() | Struct() | ErrorType():
            return ()
        case _:
            assert_never(kind)


def read(body: Body, pattern: ast.Pattern, kind: Type) -> Shape:
    """Reads one arm's pattern; its names are declared in the innermost scope."""
    return _Reader(body).read(pattern, zonk(kind))


class _Reader:
    """The reader of one arm's pattern. `shared`: the names that earlier alternatives have
    declared."""

    def __init__(self, body: Body, shared: Mapping[str, typed.Local] | None = None) -> None:
        self._body = body
        self._shared = shared
        self.bound: dict[str, typed.Local] = {}

    def read(self, pattern: ast.Pattern, kind: Type) -> Shape:
        if variable_of(kind) is not None:
            suggested = suggested_by(self._body, pattern)
            if suggested is not None and unify(kind, suggested):
                kind = zonk(kind)
        if is_rigid(kind) and not isinstance(pattern, _OF_ANY_TYPE):
            self._does_not_fit(pattern, kind)
            return self._parts_of_unknown((pattern,))
        match pattern:
            case ast.WildcardPattern():
                return Anything()
            case ast.NamePattern():
                return self._name(pattern, kind)
            case ast.LiteralPattern():
                value = self._constant(pattern, kind)
                return WRONG if value is None else Equal(value=value)
            case ast.RangePattern():
                return self._range(pattern, kind)
            case ast.VariantPattern():
                return self._variant(pattern, kind)
            case ast.StructPattern():
                return self._struct(pattern, kind)
            case ast.ArrayPattern():
                return self._array(pattern, kind)
            case ast.OrPattern():
                return self._either(pattern, kind)
            case _:
                assert_never(pattern)

    # --- names

    def _name(self, pattern: ast.NamePattern, kind: Type) -> Shape:
        """Reads a variant or a constant of that name, else a new variable."""
        name, scope = pattern.name, self._body.scope
        tags = [variant for variant, _ in variants(self._body, kind)]
        if name.text in tags:
            self._note_variant(name, kind)
            return self._payload(pattern, (), tags.index(name.text), kind)
        if name.text in scope.consts:
            note_value(self._body.checker, scope, name)
            return self._value(pattern, inlining.use(self._body, scope, name.text, name.span), kind)
        return Anything(local=self._declared(name, kind))

    def _declared(self, name: ast.Ident, kind: Type) -> typed.Local:
        body, text = self._body, name.text
        if text in self.bound:
            first = Label(self.bound[text].span, "first here")
            body.sink.report("CCL0211", name.span, name=text, labels=(first,))
            return self.bound[text]
        shared = self._shared.get(text) if self._shared is not None else None
        if shared is not None and not has_error_type(kind) and not unify(shared.type, kind):
            expected, found = names_of(zonk(shared.type), zonk(kind))
            body.sink.report(
                "CCL0401",
                name.span,
                expected=expected,
                found=found,
                labels=(Label(shared.span, "bound here by the other alternative"),),
            )
        if shared is not None:
            body.mention(body.variables[shared.index], name.span)
        local = shared or body.declare(text, kind, name.span, Origin.PATTERN).local
        self.bound[text] = local
        return local

    def _note_variant(self, name: ast.Ident, kind: Type) -> None:
        """Records a variant that is written without the name of its type."""
        checker = self._body.checker
        if isinstance(kind, Enumeration):
            note_variant(checker, name, instances.enum_of(checker, kind).item)
        else:
            note_prelude(checker, name, SymbolKind.PRELUDE_VALUE)

    def _either(self, pattern: ast.OrPattern, kind: Type) -> Shape:
        """Reads alternatives, which bind the same names, so that the arm has them whichever
        matches."""
        parts = alternatives(pattern)
        shapes: list[Shape] = []
        names: dict[str, typed.Local] = {}
        for i, part in enumerate(parts):
            reader = _Reader(self._body, {**(self._shared or {}), **names})
            shapes.append(reader.read(part, kind))
            if i > 0 and set(reader.bound) != set(names):
                odd = sorted(set(reader.bound) ^ set(names))
                self._body.sink.report(
                    "CCL0509",
                    part.span,
                    names=", ".join(f"`{name}`" for name in odd),
                    labels=(Label(parts[0].span, "the first alternative"),),
                )
            names = {**reader.bound, **names}
        self.bound |= names
        return Either(alternatives=tuple(shapes))

    # --- values

    def _constant(
        self, pattern: ast.LiteralPattern, kind: Type
    ) -> typed.ScalarConst | typed.TextConst | None:
        if isinstance(pattern.value, ast.StringLiteral) and plain_text(pattern.value) is None:
            self._body.sink.report(
                "CCL0507", pattern.span, found=str(kind), known="texts without `\\(…)`"
            )
            return None
        value = self._body.check(written(pattern), kind)
        return value if isinstance(value, typed.ScalarConst | typed.TextConst) else None

    def _value(self, pattern: ast.Pattern, value: typed.Expr, kind: Type) -> Shape:
        """Reads a constant by name, or a resource type, which is a text."""
        if is_invalid(value) or has_error_type(kind):
            return WRONG
        if unify(value.type, kind) and isinstance(value, typed.ScalarConst | typed.TextConst):
            return Equal(value=value)
        return self._does_not_fit(pattern, kind)

    def _range(self, pattern: ast.RangePattern, kind: Type) -> Shape:
        if open_number(kind) and not self._body.final:
            self._constant(pattern.low, kind)
            self._constant(pattern.high, kind)
            return Anything()
        if not is_ordered(kind) or kind is Prim.STRING:
            return WRONG if has_error_type(kind) else self._does_not_fit(pattern, kind)
        low, high = self._constant(pattern.low, kind), self._constant(pattern.high, kind)
        if not isinstance(low, typed.ScalarConst) or not isinstance(high, typed.ScalarConst):
            return WRONG
        if low.value > high.value or (low.value == high.value and not pattern.inclusive):
            self._body.sink.report("CCL0510", pattern.span)
            return WRONG
        return Within(low=low, high=high, inclusive=pattern.inclusive)

    # --- parts

    def _variant(self, pattern: ast.VariantPattern, kind: Type) -> Shape:
        body = self._body
        name, before = pattern.path[-1], pattern.path[:-1]
        payload = pattern.payload or ()
        if pattern.payload is None and self._is_constant(before, name):
            return self._value(pattern, body.infer(_as_path(pattern)), kind)
        tags = [variant for variant, _ in variants(body, kind)]
        tag: int | None = None
        if isinstance(kind, Enumeration) and before:
            info = enums.find(body, before)
            if info is None or not instances.declares(info, kind):
                self._does_not_fit(pattern, kind)
            else:
                tag = enums.variant_tag(body, info, name)
        elif not before and name.text in tags:
            self._note_variant(name, kind)
            tag = tags.index(name.text)
        elif not has_error_type(kind):
            self._does_not_fit(pattern, kind)
        if tag is None:
            return self._parts_of_unknown(payload)
        return self._payload(pattern, payload, tag, kind)

    def _is_constant(self, before: Sequence[ast.Ident], name: ast.Ident) -> bool:
        """Returns whether a path is a resource type, or a constant of a file or contract."""
        body = self._body
        if [each.text for each in before] == ["ResourceType"]:
            return "ResourceType" not in body.scope.type_names
        owner, left = body.checker.follow(body.scope, [each.text for each in before])
        return bool(before) and not left and name.text in owner.consts and owner.offers(name.text)

    def _payload(
        self, pattern: ast.Pattern, written: tuple[ast.Pattern, ...], tag: int, kind: Type
    ) -> Shape:
        """Reads a payload: `Open` alone covers any; `Moved(to)` names all of it."""
        payload = variants(self._body, kind)[tag][1]
        whole = not (isinstance(pattern, ast.VariantPattern) and pattern.payload is not None)
        if whole:
            return Variant(tag=tag, parts=tuple(Anything() for _ in payload))
        if len(written) != len(payload):
            self._body.sink.report(
                "CCL0508",
                pattern.span,
                wanted=counted(len(payload), "value"),
                given=str(len(written)),
            )
            return self._parts_of_unknown(written)
        parts = tuple(
            self.read(part, zonk(each)) for part, each in zip(written, payload, strict=True)
        )
        return Variant(tag=tag, parts=parts)

    def _struct(self, pattern: ast.StructPattern, kind: Type) -> Shape:
        body = self._body
        meant = declared_type(body.checker, body.scope, pattern.path)
        if not isinstance(kind, Struct) or has_error_type(meant) or not unify(meant, kind):
            if not has_error_type(kind) and not has_error_type(meant):
                self._does_not_fit(pattern, kind)
            return self._parts_of_unknown(
                tuple(each.pattern or _short(each) for each in pattern.fields)
            )
        fields = instances.struct_of(body.checker, kind).fields
        parts: dict[int, Shape] = {}
        seen: dict[int, Span] = {}
        wrong = False
        for each in pattern.fields:
            index = field_index(body, kind, each.name)
            if index is None:
                self._parts_of_unknown((each.pattern or _short(each),))
                wrong = True
                continue
            if index in seen:
                first = Label(seen[index], "first here")
                body.sink.report("CCL0211", each.span, name=each.name.text, labels=(first,))
            seen[index] = each.span
            parts[index] = self.read(each.pattern or _short(each), zonk(fields[index][1]))
        missing = [name for i, (name, _) in enumerate(fields) if i not in parts]
        if missing and not pattern.open:
            names = ", ".join(f"`{name}`" for name in missing)
            body.sink.report("CCL0511", pattern.span, fields=names)
            wrong = True
        if wrong:
            return WRONG
        return Fields(parts=tuple(parts.get(i, Anything()) for i in range(len(fields))))

    def _array(self, pattern: ast.ArrayPattern, kind: Type) -> Shape:
        if not isinstance(kind, Array):
            if not has_error_type(kind):
                self._does_not_fit(pattern, kind)
            return self._parts_of_unknown(tuple(_as_name(each) for each in pattern.elements))
        parts: list[Shape] = []
        rest: Anything | None = None
        before = 0
        for each in pattern.elements:
            if not isinstance(each, ast.RestPattern):
                parts.append(self.read(each, zonk(kind.element)))
                continue
            if rest is not None:
                self._body.sink.report("CCL0512", each.span)
                return WRONG
            local = None if each.name is None else self._declared(each.name, kind)
            rest, before = Anything(local=local), len(parts)
        return Elements(parts=tuple(parts), rest=rest, before=before)

    # --- what is wrong

    def _parts_of_unknown(self, parts: tuple[ast.Pattern, ...]) -> Shape:
        """Declares the names in a pattern that does not fit, so that the arm can use them."""
        for part in parts:
            self.read(part, ERROR_TYPE)
        return WRONG

    def _does_not_fit(self, pattern: ast.Pattern, kind: Type) -> Shape:
        known = patterns_of(self._body, kind)
        self._body.sink.report("CCL0507", pattern.span, found=str(zonk(kind)), known=known)
        return WRONG


def plain_name(kind: Struct | Enumeration) -> str:
    """Returns the name as patterns write it, without type arguments."""
    return kind.name if kind.instance is None else kind.instance.name


def patterns_of(body: Body, kind: Type) -> str:
    """Returns the patterns that fit a type, for messages."""
    match kind:
        case Option() | Result() | Enumeration():
            return ", ".join(f"`{name}`" for name, _ in variants(body, kind))
        case Struct():
            return f"`{plain_name(kind)} {{ … }}`, names and `_`"
        case Array():
            return "`[…]`, names and `_`"
        case Prim.STRING | Prim.DID | Prim.CID | Prim.BOOL:
            return "literals, names and `_`"
        case Prim() | Token() if is_ordered(kind) and kind is not Prim.JOB:
            return "literals, ranges, names and `_`"
        case _:  # these fit any type
            return "names and `_`"


def _as_name(element: ast.Pattern | ast.RestPattern) -> ast.Pattern:
    """Returns the binding of a rest as a pattern of its own."""
    if not isinstance(element, ast.RestPattern):
        return element
    if element.name is None:
        return ast.WildcardPattern(span=element.span)
    return ast.NamePattern(name=element.name, span=element.span)


def _short(field: ast.FieldPattern) -> ast.Pattern:
    """Reads `Point { x }` as `Point { x: x }`."""
    return ast.NamePattern(name=field.name, span=field.span)


def _as_path(pattern: ast.VariantPattern) -> ast.PathName:
    return ast.PathName(segments=pattern.path, span=pattern.span)
