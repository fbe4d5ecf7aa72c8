"""Declarations as the charter's tree: entries under their conditions."""

from collections.abc import Iterator

from ccl.abi.text.suggest import nearest
from ccl.charter.conditions.guards import Guards
from ccl.charter.elaboration.depth import check_depth
from ccl.charter.elaboration.inheritance import inherit
from ccl.charter.elaboration.merge import Rivals, merge, report_rivals
from ccl.charter.elaboration.ranges import check_ranges, read_range
from ccl.charter.elaboration.shares import check_shares, read_fraction
from ccl.charter.elaboration.values import Read, read_call, read_value
from ccl.checking.core.environment import Checker
from ccl.checking.expressions.literals import plain_text
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.charter import Charter, Condition, Entry, Property, Tree, node_of, refuse_code
from ccl.ir.typed import ALWAYS, CharterDecision, CharterTest, Guard
from ccl.ir.types import Prim
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


def read_charter(checker: Checker, scope: FileScope) -> Charter:
    """Reads the declarations of a file. Reports to the checker's sink."""
    reader = _Reader(checker, scope)
    raw = tuple(each for item in scope.declarations for each in reader.entry(item, ALWAYS))
    citations = reader.check_citations()
    guards = Guards(checker, reader.conditions)
    rivals: Rivals = []
    entries = merge(checker.sink, inherit(checker.sink, raw), guards, rivals)
    span = scope.declarations[0].span if scope.declarations else Span(scope.file, 0, 0)
    root = Tree(key="charter", label=None, span=span, entries=entries)
    check_ranges(checker.sink, root)
    check_shares(checker.sink, root)
    check_depth(checker.sink, root)
    return Charter(
        root,
        reader.articles,
        citations=citations,
        conditions=tuple(reader.conditions),
        rivals=rivals,
        imported={
            each.source: dict(_articles_in(each.declarations))
            for each in checker.scoped.files.values()
            if each.source != scope.source and each.contract is None
        },
    )


def report_open_rules(checker: Checker) -> None:
    """Reports competing rules, once all types are known."""
    for charter in checker.charters.values():
        if charter.rivals:
            report_rivals(checker.sink, charter.rivals, Guards(checker, charter.conditions))


def _articles_in(items: tuple[ast.Item, ...]) -> Iterator[tuple[str, Span]]:
    """Yields the articles in declarations, at any depth."""
    for item in items:
        match item:
            case ast.Article():
                yield plain_text(item.number) or "", item.number.span
                yield from _articles_in(item.entries)
            case ast.Section() | ast.RangeRule():
                yield from _articles_in(item.entries)
            case ast.IfRule():
                yield from _articles_in((*item.then, *item.otherwise))
            case ast.Entry() | ast.CallEntry():
                pass
            case _:
                refuse_code(item)


class _Reader:
    """The entries of declarations; reports values that are not constant."""

    def __init__(self, checker: Checker, scope: FileScope) -> None:
        self._checker = checker
        self._scope = scope
        self._citations: list[ast.StringLiteral] = []
        self._override = False
        """Whether a rule or section around has `override`."""
        self.articles: dict[str, Span] = {}
        self.conditions: list[Condition] = []

    def check_citations(self) -> dict[Span, str]:
        """Returns the numbers that rules cite, by place; reports those that do not exist."""
        found: dict[Span, str] = {}
        for citation in self._citations:
            number = plain_text(citation) or ""
            if number not in self.articles:
                near = nearest(number, self.articles)
                self._checker.sink.report("CCL0312", citation.span, number=number, nearest=near)
            found[citation.span] = number
        return found

    def _entries(self, items: tuple[ast.Item, ...], when: Guard) -> tuple[Entry, ...]:
        return tuple(each for item in items for each in self.entry(item, when))

    def entry(self, item: ast.Item, when: Guard) -> tuple[Entry, ...]:
        """Reads the entries of one item: none after reporting, several of a rule."""
        before = self._override
        if isinstance(item, ast.Entry | ast.Section | ast.IfRule) and item.override:
            self._override = True
        found = self._entry(item, when)
        self._override = before
        return found

    def _entry(self, item: ast.Item, when: Guard) -> tuple[Entry, ...]:
        match item:
            case ast.Entry():
                found = self._property(item, when)
            case ast.Section():
                found = self._section(item, when)
            case ast.Article():
                found = self._article(item, when)
            case ast.CallEntry():
                found = self._call(item, when)
            case ast.RangeRule():
                found = self._range(item, when)
            case ast.IfRule():
                return self._rule(item, when)
            case _:
                refuse_code(item)
        return () if found is None else (found,)

    def _rule(self, item: ast.IfRule, when: Guard) -> tuple[Entry, ...]:
        number = len(self.conditions)
        self.conditions.append(
            Condition(number=number, expr=item.condition, when=when, scope=self._scope.file)
        )
        if item.article is not None:
            self._citations.append(item.article)
        holds = when | {CharterTest(condition=number, holds=True)}
        fails = when | {CharterTest(condition=number, holds=False)}
        return (
            CharterDecision(condition=number, when=when),
            *self._entries(item.then, holds),
            *self._entries(item.otherwise, fails),
        )

    def _section(self, item: ast.Section, when: Guard) -> Entry | None:
        outer = self._scope
        self._scope = self._scope_inside(item)
        found = self._section_here(item, when)
        self._scope = outer
        return found

    def _scope_inside(self, item: ast.Section) -> FileScope:
        """Returns the scope of a section: a contract's declarations see the contract's
        constants."""
        scoped = self._checker.scoped
        match item:
            case ast.Section(
                key=ast.Key(text="contract", quoted=False),
                value=ast.StringLiteral(parts=(str(name),)),
            ):
                number = scoped.contracts.get((self._scope.source, name))
                return self._scope if number is None else scoped.files[number]
            case _:
                return self._scope

    def _section_here(self, item: ast.Section, when: Guard) -> Entry | None:
        label = None if item.value is None else self._value(item.value)[0]
        heads = []
        if item.version is not None:
            heads.append(self._text("version", item.version, when))
        if item.extends is not None:
            base = ast.StringLiteral(parts=(item.extends.text,), span=item.extends.span)
            heads.append(self._text("extends", base, when))
        return Tree(
            key=item.key.text,
            label=label,
            span=item.key.span,
            entries=(*heads, *self._entries(item.entries, when)),
            when=(when,),
            extends=item.extends,
        )

    def _text(self, key: str, literal: ast.StringLiteral, when: Guard) -> Property:
        """Builds a property that the head of a section gives."""
        text = plain_text(literal) or ""
        span = literal.span
        return self._made(
            key,
            span,
            typed.CharterText(value=text, symbol=False, span=span),
            typed.TextConst(value=text, type=Prim.STRING, span=span),
            span,
            when,
        )

    def _made(
        self,
        key: str,
        key_span: Span,
        value: typed.CharterValue,
        constant: typed.Expr | None,
        span: Span,
        when: Guard,
    ) -> Property:
        node = typed.CharterProperty(key=key, key_span=key_span, value=value, span=span, when=when)
        return Property(node=node, constant=constant, override=self._override)

    def _article(self, item: ast.Article, when: Guard) -> Entry:
        number = plain_text(item.number) or ""
        self.articles.setdefault(number, item.number.span)
        return Tree(
            key="article",
            label=typed.CharterText(value=number, symbol=False, span=item.number.span),
            span=item.number.span,
            entries=self._entries(item.entries, when),
            when=(when,),
        )

    def _range(self, item: ast.RangeRule, when: Guard) -> Entry | None:
        band = read_range(
            self._checker.sink, item, self._value(item.low)[0], self._value(item.high)[0]
        )
        heads = []
        if item.article is not None:
            self._citations.append(item.article)
            heads.append(self._text("because", item.article, when))
        entries = self._entries(item.entries, when)
        if band is None:
            return None
        return Tree(
            key="range" if item.key is None else item.key.text,
            label=band,
            span=band.span if item.key is None else item.key.span,
            entries=(*heads, *entries),
            when=(when,),
        )

    def _call(self, item: ast.CallEntry, when: Guard) -> Entry | None:
        call = read_call(self._checker, self._scope, item.call, self._object)
        if call is None:
            return None
        return self._made(call.name, item.call.callee.span, call, None, item.span, when)

    def _property(self, item: ast.Entry, when: Guard) -> Entry | None:
        if isinstance(item.value, ast.InlineObject):
            return Tree(
                key=item.key.text,
                label=None,
                span=item.key.span,
                entries=self._entries(item.value.entries, when),
                when=(when,),
            )
        value, constant = self._value(read_fraction(item.key.text, item.value))
        if value is None:
            return None
        if isinstance(item.value, ast.DurationLiteral) and item.value.unit == "m":
            self._minutes(item.key, item.value)
        return self._made(item.key.text, item.key.span, value, constant, item.span, when)

    def _minutes(self, key: ast.Key, value: ast.DurationLiteral) -> None:
        """Warns of `term: 6m`, six minutes, which hardly means months."""
        if "term" in key.text:
            months = value.seconds // 60
            self._checker.sink.report(
                "CCL0310",
                value.span,
                literal=f"{months}m",
                key=key.text,
                days=f"{months * 30}d",
            )

    def _value(self, expr: ast.Expr) -> Read:
        return read_value(self._checker, self._scope, expr, self._object)

    def _object(self, expr: ast.InlineObject) -> typed.CharterObject:
        """Reads an object inside a list or a call: one constant value, so it contains no rule."""
        nodes: list[typed.CharterNode] = []
        seen: dict[str, Span] = {}
        for item in expr.entries:
            if isinstance(item, ast.IfRule | ast.RangeRule | ast.CallEntry):
                self._checker.sink.report("CCL0311", item.span)
                continue
            found = (
                self._property(item, ALWAYS)
                if isinstance(item, ast.Entry)
                else (self._section(item, ALWAYS))
            )
            if found is None:
                continue
            assert not isinstance(found, CharterDecision), "no rule is left"
            key, span = item.key.text, item.key.span
            if key in seen:
                self._checker.sink.report(
                    "CCL0301", span, key=key, labels=(Label(seen[key], "first set here"),)
                )
                continue
            seen[key] = span
            nodes.append(self._constant(found))
        return typed.CharterObject(entries=tuple(nodes), span=expr.span)

    def _constant(self, entry: Property | Tree) -> typed.CharterNode:
        """Checks an entry inside a constant value."""
        guards = Guards(self._checker, self.conditions)
        (merged,) = merge(self._checker.sink, (entry,), guards)
        if isinstance(merged, Tree):
            self._refuse_rules(merged)
        return node_of(merged)

    def _refuse_rules(self, tree: Tree) -> None:
        for each in tree.entries:
            if isinstance(each, CharterDecision):
                span = self.conditions[each.condition].expr.span
                self._checker.sink.report("CCL0311", span)
            elif isinstance(each, Tree):
                self._refuse_rules(each)
