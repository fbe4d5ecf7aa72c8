"""The charter: declarations as a tree of constant values, and their use from code.

Built once before bodies are checked. A bare word is the constant of that name, else a symbol.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from ccl import ast, typed
from ccl.abi.suggest import nearest
from ccl.checking import constants
from ccl.checking.environment import Body, Checker, invalid, is_invalid
from ccl.checking.inference import prune
from ccl.checking.literals import DECIMAL_ONE, plain_text
from ccl.diagnostics import Label
from ccl.resolved import FileScope
from ccl.source import Span
from ccl.typed import NumberUnit
from ccl.types import Array, Prim, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A key with its value for the charter, and as a constant for code where it has a type."""

    node: typed.CharterProperty
    constant: typed.Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A section, an inline object or the whole document."""

    key: str
    label: typed.CharterValue | None
    span: Span
    entries: tuple["Property | Tree", ...]
    version: str | None = None
    inline: bool = False

    def named(self, key: str) -> "list[Property | Tree]":
        return [each for each in self.entries if key_of(each) == key]


Entry: TypeAlias = Property | Tree


def key_of(entry: Entry) -> str:
    return entry.key if isinstance(entry, Tree) else entry.node.key


def span_of(entry: Entry) -> Span:
    return entry.span if isinstance(entry, Tree) else entry.node.key_span


@dataclass(slots=True)
class Charter:
    """The root file's declarations."""

    root: Tree
    articles: dict[str, Span] = field(default_factory=dict)
    defaults: dict[str, typed.Expr] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key_of(each) for each in self.root.entries))

    def has(self, key: str) -> bool:
        return any(key_of(each) == key for each in self.root.entries)

    def property_at_root(self, key: str) -> Property | None:
        """The entry that `charter.key` reads, if it is one."""
        found = self.root.named(key)
        return found[0] if len(found) == 1 and isinstance(found[0], Property) else None

    def nodes(self) -> tuple[typed.CharterNode, ...]:
        return tuple(_node(each) for each in self.root.entries)

    def job_defaults(self, resource_type: str | None) -> dict[str, typed.Expr]:
        """Arguments of `submit_job` that the charter gives, by name."""
        found = dict(self.defaults)
        resources = self.root.named("resources")
        if resource_type is None and isinstance(
            kind := found.get("resource_type"), typed.TextConst
        ):
            resource_type = kind.value
        if resource_type is not None and resources and isinstance(resources[0], Tree):
            amounts = resources[0].named(resource_type)
            if len(amounts) == 1 and isinstance(amounts[0], Property):
                constant, value = amounts[0].constant, amounts[0].node.value
                plain = isinstance(value, typed.CharterNumber) and value.unit is NumberUnit.PLAIN
                if plain and constant is not None and prune(constant.type) is Prim.INTEGER:
                    found.setdefault("resource_amount", constant)
        return found

    def cite(self, body: Body, article: str, span: Span) -> None:
        if article not in self.articles:
            near = nearest(article, self.articles)
            body.sink.report("CCL0312", span, number=article, nearest=near)

    def read(self, body: Body, path: tuple[ast.Ident, ...], span: Span) -> typed.Expr:
        """`resources.compute` in code: the constant at a path."""
        if path[0].text == "charter" and not self.has("charter"):
            path = path[1:]
        here: Entry = self.root
        for i, step in enumerate(path):
            if not isinstance(here, Tree):
                return self._absent(body, path[: i + 1], step, ())
            found = here.named(step.text)
            if not found:
                known = tuple(key_of(each) for each in here.entries)
                return self._absent(body, path[: i + 1], step, known)
            if len(found) > 1:
                body.sink.report(
                    "CCL0313",
                    step.span,
                    name=step.text,
                    labels=tuple(Label(span_of(each), "one of them") for each in found),
                )
                return invalid(span)
            here = found[0]
        if isinstance(here, Property):
            if here.constant is not None:
                body.constant_uses.add(span)
                return constants.at(here.constant, span)
            body.sink.report(
                "CCL0314",
                span,
                what="a value without a type of its own",
                labels=(Label(here.node.span, "written here"),),
            )
            return invalid(span)
        body.sink.report(
            "CCL0314", span, what="a section", labels=(Label(here.span, "it begins here"),)
        )
        return invalid(span)

    def _absent(
        self, body: Body, path: tuple[ast.Ident, ...], step: ast.Ident, known: tuple[str, ...]
    ) -> typed.Expr:
        near = nearest(step.text, known)
        body.sink.report(
            "CCL0308",
            step.span,
            path=".".join(each.text for each in path),
            nearest=near,
        )
        return invalid(step.span)


def _node(entry: Entry) -> typed.CharterNode:
    if isinstance(entry, Property):
        return entry.node
    return typed.CharterSection(
        key=entry.key,
        key_span=entry.span,
        value=entry.label,
        version=entry.version,
        entries=tuple(_node(each) for each in entry.entries),
        span=entry.span,
    )


def read_charter(checker: Checker, scope: FileScope) -> Charter:
    """The declarations of the root file. Faults go to the checker's sink."""
    reader = _Reader(checker, scope)
    entries = reader.entries(scope.declarations)
    span = scope.declarations[0].span if scope.declarations else Span(scope.file, 0, 0)
    tree = Tree(key="charter", label=None, span=span, entries=entries)
    return Charter(tree, reader.articles)


class _Reader:
    """Reads declarations into a tree, reporting what has no constant value."""

    def __init__(self, checker: Checker, scope: FileScope) -> None:
        self._checker = checker
        self._scope = scope
        self.articles: dict[str, Span] = {}

    def entries(self, items: tuple[ast.Item, ...] | tuple[ast.AnyEntry, ...]) -> tuple[Entry, ...]:
        found: list[Entry] = []
        seen: dict[tuple[str, str | None], Span] = {}
        for item in items:
            entry = self._entry(item)
            if entry is None:
                continue
            identity = (key_of(entry), _label_text(entry))
            if identity in seen:
                self._checker.sink.report(
                    "CCL0301",
                    span_of(entry),
                    key=identity[0],
                    labels=(Label(seen[identity], "first set here"),),
                )
                continue
            seen[identity] = span_of(entry)
            found.append(entry)
        return tuple(found)

    def _entry(self, item: ast.Item) -> Entry | None:
        match item:
            case ast.Entry():
                return self._property(item)
            case ast.Section():
                return self._section(item)
            case ast.Article():
                return self._article(item)
            case ast.CallEntry():
                self._not_compiled(item.span, "a call among declarations")
            case ast.IfRule():
                self._not_compiled(item.span, "an `if` rule in a charter")
            case ast.RangeRule():
                self._not_compiled(item.span, "a `range` rule")
            case ast.Invariant():
                self._not_compiled(item.span, "invariant")
            case ast.Handler():
                self._not_compiled(item.span, "a handler inside a section")
            case _:
                self._not_compiled(item.span, "code inside a section")
        return None

    def _not_compiled(self, span: Span, what: str) -> None:
        self._checker.sink.report("CCL0690", span, what=what)

    def _section(self, item: ast.Section) -> Entry | None:
        if item.key.text == "contract" and not item.key.quoted:
            self._not_compiled(item.key.span, "contract")
            return None
        if item.extends is not None:
            self._not_compiled(item.extends.span, "extends")
        label = None if item.value is None else self._value(item.value)[0]
        return Tree(
            key=item.key.text,
            label=label,
            span=item.key.span,
            entries=self.entries(item.entries),
            version=None if item.version is None else plain_text(item.version),
        )

    def _article(self, item: ast.Article) -> Entry:
        number = plain_text(item.number) or ""
        self.articles[number] = item.number.span
        return Tree(
            key="article",
            label=typed.CharterText(value=number, symbol=False, span=item.number.span),
            span=item.number.span,
            entries=self.entries(item.entries),
        )

    def _property(self, item: ast.Entry) -> Entry | None:
        if isinstance(item.value, ast.InlineObject):
            return Tree(
                key=item.key.text,
                label=None,
                span=item.key.span,
                entries=self.entries(item.value.entries),
                inline=True,
            )
        value, constant = self._value(item.value)
        if value is None:
            return None
        if isinstance(item.value, ast.DurationLiteral) and item.value.unit == "m":
            self._minutes(item.key, item.value)
        node = typed.CharterProperty(
            key=item.key.text, key_span=item.key.span, value=value, span=item.span
        )
        return Property(node=node, constant=constant)

    def _minutes(self, key: ast.Key, value: ast.DurationLiteral) -> None:
        """`term: 6m` is six minutes, and was hardly meant so."""
        if "term" in key.text:
            months = value.seconds // 60
            self._checker.sink.report(
                "CCL0310",
                value.span,
                literal=f"{months}m",
                key=key.text,
                days=f"{months * 30}d",
            )

    def _value(self, expr: ast.Expr) -> tuple[typed.CharterValue | None, typed.Expr | None]:
        """The value for the charter and for code; None after reporting."""
        match expr:
            case ast.PercentLiteral():
                constant = self._constant(expr)
                number = typed.CharterNumber(
                    value=_exact(expr.value), unit=NumberUnit.PERCENT, span=expr.span
                )
                return number, constant
            case ast.SizeLiteral():
                size = typed.CharterNumber(
                    value=expr.byte_count, unit=NumberUnit.BYTES, span=expr.span
                )
                return size, self._constant(expr)
            case ast.ArrayExpr():
                return self._list(expr)
            case ast.InlineObject():
                entries = self.entries(expr.entries)
                nodes = tuple(_node(each) for each in entries)
                return typed.CharterObject(entries=nodes, span=expr.span), None
            case ast.Name() if expr.text not in self._scope.consts:
                return self._word(expr)
            case ast.Field() if not self._is_constant_path(expr):
                text = ".".join(_path(expr))
                word = typed.CharterText(value=text, symbol=True, span=expr.span)
                return word, typed.TextConst(value=text, type=Prim.STRING, span=expr.span)
            case _:
                constant = self._constant(expr)
                return _from_constant(constant), constant

    def _is_constant_path(self, expr: ast.Field) -> bool:
        path = _path(expr)
        return not path or path[0] in self._scope.imports or path[0] == "ResourceType"

    def _constant(self, expr: ast.Expr) -> typed.Expr | None:
        node = constants.evaluate(self._checker, self._scope, expr, None)
        return None if is_invalid(node) else node

    def _word(self, name: ast.Name) -> tuple[typed.CharterValue | None, typed.Expr | None]:
        text = name.text
        if text.isupper() and len(text) > 1:
            near = nearest(text, self._scope.consts)
            self._checker.sink.report("CCL0307", name.span, name=text, nearest=near)
            return None, None
        word = typed.CharterText(value=text, symbol=True, span=name.span)
        return word, typed.TextConst(value=text, type=Prim.STRING, span=name.span)

    def _list(self, expr: ast.ArrayExpr) -> tuple[typed.CharterValue | None, typed.Expr | None]:
        values: list[typed.CharterValue] = []
        nodes: list[typed.Expr | None] = []
        for each in expr.elements:
            value, constant = self._value(each)
            if value is not None:
                values.append(value)
                nodes.append(constant)
        whole = typed.CharterList(items=tuple(values), span=expr.span)
        known = [node for node in nodes if node is not None]
        kinds = {prune(node.type) for node in known}
        if len(known) != len(expr.elements) or len(kinds) != 1:
            return whole, None
        array = typed.ArrayNew(elements=tuple(known), type=Array(kinds.pop()), span=expr.span)
        return whole, array


def _path(expr: ast.Expr) -> list[str]:
    match expr:
        case ast.Name():
            return [expr.text]
        case ast.Field():
            before = _path(expr.base)
            return [*before, expr.name.text] if before else []
        case _:
            return []


def _label_text(entry: Entry) -> str | None:
    label = entry.label if isinstance(entry, Tree) else None
    match label:
        case typed.CharterText() | typed.CharterNumber() | typed.CharterBool():
            return str(label.value)
        case _:
            return None


def _exact(value: Decimal) -> int | str:
    """An integer where it is one, else its shortest exact text."""
    if value == value.to_integral_value():
        return int(value)
    return format(value.normalize(), "f")


_UNITS: dict[Type, NumberUnit] = {
    Prim.INTEGER: NumberUnit.PLAIN,
    Prim.MANA: NumberUnit.PLAIN,
    Prim.DURATION: NumberUnit.SECONDS,
    Prim.TIMESTAMP: NumberUnit.UNIX_SECONDS,
}


def _from_constant(node: typed.Expr | None) -> typed.CharterValue | None:
    match node:
        case typed.ScalarConst(type=Prim.BOOL):
            return typed.CharterBool(value=bool(node.value), span=node.span)
        case typed.ScalarConst(type=Prim.DECIMAL):
            exact = _exact(Decimal(node.value) / DECIMAL_ONE)
            text = exact if isinstance(exact, str) else f"{exact}.0"
            return typed.CharterNumber(value=text, unit=NumberUnit.PLAIN, span=node.span)
        case typed.ScalarConst():
            return typed.CharterNumber(
                value=node.value, unit=_UNITS[prune(node.type)], span=node.span
            )
        case typed.TextConst():
            return typed.CharterText(value=node.value, symbol=False, span=node.span)
        case typed.ArrayNew():
            items = [_from_constant(each) for each in node.elements]
            return typed.CharterList(
                items=tuple(item for item in items if item is not None), span=node.span
            )
        case _:
            return None
