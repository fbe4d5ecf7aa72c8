"""Reductions of statements, blocks, matches and patterns."""

from ccl.parser.reductions.reduce import Reductions, Values
from ccl.source.spans import Span
from ccl.support.node import replace
from ccl.syntax import ast


class Statements(Reductions):
    def block(self, span: Span, values: Values) -> ast.Block:
        return ast.Block(statements=tuple(values[1]), span=span)

    def block_final(self, span: Span, values: Values) -> ast.Block:
        return ast.Block(statements=(*values[1], values[2]), span=span)

    def stray_semi(self, _: Span, values: Values) -> list[ast.Statement]:
        """Reduces a `;` after `if … { }`, which discards the value."""
        statements: list[ast.Statement] = values[0]
        if statements and isinstance(statements[-1], ast.ExpressionStatement):
            statements[-1] = replace(statements[-1], terminated=True)
        return statements

    def let(self, span: Span, values: Values) -> ast.Let:
        return ast.Let(name=values[1], type=values[2], value=values[4], span=span)

    def assign(self, span: Span, values: Values) -> ast.Assign:
        return ast.Assign(target=values[0], operator=values[1].text, value=values[2], span=span)

    def expression_statement(self, span: Span, values: Values) -> ast.ExpressionStatement:
        return ast.ExpressionStatement(value=values[0], terminated=True, span=span)

    def expression_final(self, span: Span, values: Values) -> ast.ExpressionStatement:
        return ast.ExpressionStatement(value=values[0], terminated=False, span=span)

    # --- handlers

    def action_bare(self, span: Span, values: Values) -> ast.Action:
        return ast.Action(
            name=self.place.ident(values[0]),
            label=None,
            entries=self.place.data(values[2]),
            span=span,
        )

    def action(self, span: Span, values: Values) -> ast.Action:
        return ast.Action(
            name=self.place.ident(values[0]),
            label=values[1],
            entries=self.place.data(values[3]),
            span=span,
        )

    def _entry(self, span: Span, values: Values, value: ast.Expr) -> ast.HandlerEntry:
        key = ast.Key(text=values[0].text, quoted=False, span=self.place.span(values[0]))
        return ast.HandlerEntry(entry=ast.Entry(key=key, value=value, span=span), span=span)

    def handler_entry_plain(self, span: Span, values: Values) -> ast.HandlerEntry:
        return self._entry(span, values, values[1])

    def handler_entry(self, span: Span, values: Values) -> ast.HandlerEntry:
        return self._entry(span, values, values[2])

    def handler_entry_object(self, span: Span, values: Values) -> ast.HandlerEntry:
        opening, closing = self.place.span(values[2]), self.place.span(values[4])
        value = ast.InlineObject(entries=self.place.data(values[3]), span=opening.to(closing))
        return self._entry(span, values, value)

    # --- control flow

    def if_(self, span: Span, values: Values) -> ast.If:
        return ast.If(condition=values[1], then=values[2], otherwise=None, span=span)

    def if_else(self, span: Span, values: Values) -> ast.If:
        return ast.If(condition=values[1], then=values[2], otherwise=values[4], span=span)

    def while_(self, span: Span, values: Values) -> ast.While:
        return ast.While(condition=values[1], body=values[2], span=span)

    def for_(self, span: Span, values: Values) -> ast.For:
        return ast.For(names=tuple(values[1]), iterable=values[3], body=values[4], span=span)

    def match(self, span: Span, values: Values) -> ast.Match:
        return ast.Match(subject=values[1], arms=tuple(values[3]), span=span)

    def match_open(self, span: Span, values: Values) -> ast.Match:
        return ast.Match(subject=values[1], arms=(*values[3], values[4]), span=span)

    def arm(self, span: Span, values: Values) -> ast.MatchArm:
        return ast.MatchArm(pattern=values[0], guard=values[1], body=values[3], span=span)

    def arm_assign(self, span: Span, values: Values) -> ast.MatchArm:
        """Reduces an assignment as the body of an arm to a block of one statement."""
        body = ast.Block(statements=(values[3],), span=values[3].span)
        return ast.MatchArm(pattern=values[0], guard=values[1], body=body, span=span)

    # --- patterns

    def wildcard(self, span: Span, _: Values) -> ast.WildcardPattern:
        return ast.WildcardPattern(span=span)

    def pattern_name(self, span: Span, values: Values) -> ast.NamePattern:
        return ast.NamePattern(name=self.place.ident(values[0]), span=span)

    def pattern_literal(self, span: Span, values: Values) -> ast.LiteralPattern:
        return ast.LiteralPattern(value=values[0], negative=False, span=span)

    def pattern_negative(self, span: Span, values: Values) -> ast.LiteralPattern:
        return ast.LiteralPattern(value=values[1], negative=True, span=span)

    def pattern_range(self, span: Span, values: Values) -> ast.RangePattern:
        low, dots, high = values
        return ast.RangePattern(low=low, high=high, inclusive=dots.kind == "DOTDOTEQ", span=span)

    def pattern_variant(self, span: Span, values: Values) -> ast.VariantPattern:
        return ast.VariantPattern(path=tuple(values[0]), payload=None, span=span)

    def pattern_payload(self, span: Span, values: Values) -> ast.VariantPattern:
        return ast.VariantPattern(path=tuple(values[0]), payload=tuple(values[2]), span=span)

    def pattern_payload_name(self, span: Span, values: Values) -> ast.VariantPattern:
        path = (self.place.ident(values[0]),)
        return ast.VariantPattern(path=path, payload=tuple(values[2]), span=span)

    def _struct(
        self, span: Span, path: tuple[ast.Ident, ...], given: tuple[Values, bool] | Values
    ) -> ast.StructPattern:
        fields, is_open = given if isinstance(given, tuple) else (given, False)
        return ast.StructPattern(path=path, fields=tuple(fields), open=is_open, span=span)

    def pattern_struct(self, span: Span, values: Values) -> ast.StructPattern:
        return self._struct(span, tuple(values[0]), values[2])

    def pattern_struct_name(self, span: Span, values: Values) -> ast.StructPattern:
        return self._struct(span, (self.place.ident(values[0]),), values[2])

    def field_patterns_open(self, _: Span, values: Values) -> tuple[Values, bool]:
        return values[0], True

    def field_patterns_rest(self, _: Span, __: Values) -> tuple[Values, bool]:
        return [], True

    def field_pattern(self, span: Span, values: Values) -> ast.FieldPattern:
        return ast.FieldPattern(name=values[0], pattern=values[2], span=span)

    def field_pattern_short(self, span: Span, values: Values) -> ast.FieldPattern:
        return ast.FieldPattern(name=self.place.ident(values[0]), pattern=None, span=span)

    def pattern_array_empty(self, span: Span, _: Values) -> ast.ArrayPattern:
        return ast.ArrayPattern(elements=(), span=span)

    def pattern_array(self, span: Span, values: Values) -> ast.ArrayPattern:
        return ast.ArrayPattern(elements=tuple(values[1]), span=span)

    def pattern_rest(self, span: Span, _: Values) -> ast.RestPattern:
        return ast.RestPattern(name=None, span=span)

    def pattern_rest_named(self, span: Span, values: Values) -> ast.RestPattern:
        return ast.RestPattern(name=self.place.ident(values[1]), span=span)

    def pattern_or(self, span: Span, values: Values) -> ast.OrPattern:
        first = values[0]
        before = first.alternatives if isinstance(first, ast.OrPattern) else (first,)
        return ast.OrPattern(alternatives=(*before, values[2]), span=span)
