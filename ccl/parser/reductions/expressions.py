"""Reductions of expressions and literals."""

from typing import Any, Final

from ccl.diagnostics.model import Edit, Fix
from ccl.parser.lexer import literals
from ccl.parser.lexer.tokens import Token
from ccl.parser.reductions.reduce import Reductions, Values
from ccl.source.spans import Span
from ccl.syntax import ast
from ccl.syntax.paths import path_of

_PRECEDENCE: Final = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_COMPARISONS: Final = (3, 4)


class Expressions(Reductions):
    # --- literals

    def integer(self, span: Span, values: Values) -> ast.IntegerLiteral:
        return literals.integer(values[0], span, self.place.sink)

    def decimal(self, span: Span, values: Values) -> ast.DecimalLiteral:
        return literals.decimal(values[0], span, self.place.sink)

    def percent(self, span: Span, values: Values) -> ast.PercentLiteral:
        return literals.percent(values[0], span, self.place.sink)

    def duration(self, span: Span, values: Values) -> ast.DurationLiteral:
        return literals.duration(values[0], span, self.place.sink)

    def timestamp(self, span: Span, values: Values) -> ast.TimestampLiteral:
        return literals.timestamp(values[0], span, self.place.sink)

    def size(self, span: Span, values: Values) -> ast.SizeLiteral:
        return literals.size(values[0], span, self.place.sink)

    def bool_(self, span: Span, values: Values) -> ast.BoolLiteral:
        return ast.BoolLiteral(value=values[0].text == "true", span=span)

    def did(self, span: Span, values: Values) -> ast.DidLiteral:
        return ast.DidLiteral(value=values[0].text, span=span)

    def _part(self, token: Token) -> str:
        return literals.decode(token.text, token.start + 1, self.place.span(token), self.place.sink)

    def string(self, span: Span, values: Values) -> ast.StringLiteral:
        text = self._part(values[0])
        return ast.StringLiteral(parts=(text,) if text else (), span=span)

    def part_more(self, _: Span, values: Values) -> list[Any]:
        values[0].extend((self._part(values[1]), values[2]))
        return values[0]  # type: ignore[no-any-return]

    def interpolated(self, span: Span, values: Values) -> ast.StringLiteral:
        head, parts, tail = values
        found = (self._part(head), *parts, self._part(tail))
        return ast.StringLiteral(parts=tuple(part for part in found if part != ""), span=span)

    # --- names and selections

    def name(self, span: Span, values: Values) -> ast.Name:
        return ast.Name(text=values[0].text, span=span)

    def path_name(self, span: Span, values: Values) -> ast.PathName:
        return ast.PathName(segments=tuple(values[0]), span=span)

    def field(self, span: Span, values: Values) -> ast.Field:
        return ast.Field(base=values[0], name=self.place.ident(values[2]), span=span)

    def field_path(self, span: Span, values: Values) -> ast.Expr:
        """Reduces `module.Enum::Variant`; `::` selects from a name, not from a value."""
        before, path = path_of(values[0]), values[2]
        if before is not None:
            return ast.PathName(segments=(*before, *path), span=span)
        self.place.sink.report(
            "CCL0112",
            Span(span.file, path[0].span.end, path[1].span.start),
            found="`::`",
            expected="`.` after a value",
        )
        chain: ast.Expr = values[0]
        for name in path:
            chain = ast.Field(base=chain, name=name, span=chain.span.to(name.span))
        return chain

    def index(self, span: Span, values: Values) -> ast.Index:
        return ast.Index(base=values[0], index=values[2], span=span)

    # --- calls

    def call(self, span: Span, values: Values) -> ast.Call:
        return ast.Call(
            callee=values[0], type_arguments=(), arguments=self.arguments(values[2]), span=span
        )

    def call_generic(self, span: Span, values: Values) -> ast.Call:
        callee = ast.Name(text=values[0].text, span=self.place.span(values[0]))
        return self._generic(span, callee, values[2], values[5])

    def method_generic(self, span: Span, values: Values) -> ast.Call:
        name = self.place.ident(values[2])
        callee = ast.Field(base=values[0], name=name, span=values[0].span.to(name.span))
        return self._generic(span, callee, values[4], values[7])

    def _generic(self, span: Span, callee: ast.Expr, types: Values, given: Values) -> ast.Call:
        return ast.Call(
            callee=callee,
            type_arguments=tuple(types),
            arguments=self.arguments(given),
            span=span,
        )

    def arguments(self, given: Values) -> tuple[ast.Argument, ...]:
        """Reports a call that mixes named and positional arguments."""
        named = sum(argument.name is not None for argument in given)
        if 0 < named < len(given):
            odd = next(
                argument for argument in given if (argument.name is None) != (given[0].name is None)
            )
            self.place.sink.report("CCL0118", odd.span)
        return tuple(given)

    def argument(self, span: Span, values: Values) -> ast.Argument:
        return ast.Argument(name=None, value=values[0], span=span)

    def argument_named(self, span: Span, values: Values) -> ast.Argument:
        return ast.Argument(name=values[0], value=values[2], span=span)

    def lambda_one(self, span: Span, values: Values) -> ast.Lambda:
        return ast.Lambda(parameters=(self.place.ident(values[0]),), body=values[2], span=span)

    def lambda_none(self, span: Span, values: Values) -> ast.Lambda:
        return ast.Lambda(parameters=(), body=values[3], span=span)

    def lambda_many(self, span: Span, values: Values) -> ast.Lambda:
        return ast.Lambda(parameters=tuple(values[1]), body=values[4], span=span)

    # --- operators

    def unary(self, span: Span, values: Values) -> ast.Unary:
        return ast.Unary(operator=values[0].text, operand=values[1], span=span)

    def fold(self, _: Span, values: Values) -> ast.Expr:
        """Folds `operand operator operand …` by precedence, without recursion."""
        links = values[0]
        operands: list[ast.Expr] = [links[0]]
        pending: list[Token] = []
        for operator, operand in zip(links[1::2], links[2::2], strict=True):
            power = _PRECEDENCE[operator.text]
            while pending and _PRECEDENCE[pending[-1].text] >= power:
                first, middle = pending.pop(), operands[-1]
                self._join(operands, first)
                if power in _COMPARISONS and _PRECEDENCE[first.text] == power:
                    # Parsed as `a < b && b < c`, so that nothing else is reported.
                    self._chained(first, operator, middle)
                    pending.append(Token("OP", "&&", operator.start, operator.end))
                    operands.append(middle)
                    break
            pending.append(operator)
            operands.append(operand)
        while pending:
            self._join(operands, pending.pop())
        return operands[0]

    def _join(self, operands: list[ast.Expr], operator: Token) -> None:
        right, left = operands.pop(), operands.pop()
        operands.append(
            ast.Binary(
                operator=operator.text,  # type: ignore[arg-type]
                left=left,
                right=right,
                operator_span=self.place.span(operator),
                span=left.span.to(right.span),
            )
        )

    def _chained(self, first: Token, second: Token, middle: ast.Expr) -> None:
        if isinstance(middle, ast.Name) and not middle.text:
            return  # the missing token has been reported
        place = self.place.span(second)
        fixes: tuple[Fix, ...] = ()
        if isinstance(middle, ast.Name):
            edit = Edit(Span(place.file, place.start, place.start), f"&& {middle.text} ")
            fixes = (Fix("split the comparison", (edit,)),)
        self.place.sink.report("CCL0117", place, first=first.text, second=second.text, fixes=fixes)

    # --- the rest

    def paren(self, _: Span, values: Values) -> ast.Expr:
        return values[1]  # type: ignore[no-any-return]

    def array(self, span: Span, values: Values) -> ast.ArrayExpr:
        return ast.ArrayExpr(elements=tuple(values[1]), span=span)

    def object(self, span: Span, values: Values) -> ast.InlineObject:
        return ast.InlineObject(entries=self.place.data(values[1]), span=span)

    def struct_name(self, span: Span, values: Values) -> ast.StructExpr:
        return self._struct(span, [self.place.ident(values[0])], values[2])

    def struct_path(self, span: Span, values: Values) -> ast.StructExpr:
        return self._struct(span, values[0], values[2])

    def struct_field_path(self, span: Span, values: Values) -> ast.StructExpr:
        return self._struct_in(span, values[0], [self.place.ident(values[2])], values[4])

    def struct_colon_path(self, span: Span, values: Values) -> ast.StructExpr:
        return self._struct_in(span, values[0], values[2], values[4])

    def _struct_in(
        self, span: Span, base: ast.Expr, path: list[ast.Ident], fields: Values
    ) -> ast.StructExpr:
        before = path_of(base)
        if before is None:
            self.place.sink.report("CCL0120", base.span)
        return self._struct(span, [*(before or ()), *path], fields)

    def _struct(self, span: Span, path: list[ast.Ident], fields: Values) -> ast.StructExpr:
        return ast.StructExpr(path=tuple(path), fields=tuple(fields), span=span)

    def field_value(self, span: Span, values: Values) -> ast.FieldValue:
        return ast.FieldValue(name=values[0], value=values[2], span=span)

    def field_value_short(self, span: Span, values: Values) -> ast.FieldValue:
        name = self.place.ident(values[0])
        return ast.FieldValue(name=name, value=ast.Name(text=name.text, span=span), span=span)

    def return_none(self, span: Span, _: Values) -> ast.Return:
        return ast.Return(value=None, span=span)

    def return_(self, span: Span, values: Values) -> ast.Return:
        return ast.Return(value=values[1], span=span)

    def break_(self, span: Span, _: Values) -> ast.Break:
        return ast.Break(span=span)

    def continue_(self, span: Span, _: Values) -> ast.Continue:
        return ast.Continue(span=span)

    def emit(self, span: Span, values: Values) -> ast.Emit:
        return ast.Emit(event=values[1], data=None, article=values[2], span=span)

    def emit_object(self, span: Span, values: Values) -> ast.Emit:
        _, event, opening, entries, closing, article = values
        data = ast.InlineObject(
            entries=self.place.data(entries),
            span=self.place.span(opening).to(self.place.span(closing)),
        )
        return ast.Emit(event=event, data=data, article=article, span=span)

    def require(self, span: Span, values: Values) -> ast.Require:
        return ast.Require(arguments=self.arguments(values[2]), article=values[4], span=span)

    def because(self, _: Span, values: Values) -> ast.StringLiteral:
        return values[2]  # type: ignore[no-any-return]

    def try_(self, span: Span, values: Values) -> ast.Try:
        return ast.Try(body=values[1], binding=None, handler=None, postfix=False, span=span)

    def try_catch(self, span: Span, values: Values) -> ast.Try:
        return ast.Try(body=values[1], binding=None, handler=values[3], postfix=False, span=span)

    def try_catch_binding(self, span: Span, values: Values) -> ast.Try:
        return ast.Try(
            body=values[1], binding=values[3], handler=values[5], postfix=False, span=span
        )

    def try_postfix(self, span: Span, values: Values) -> ast.Try:
        return ast.Try(body=values[0], binding=None, handler=None, postfix=True, span=span)
