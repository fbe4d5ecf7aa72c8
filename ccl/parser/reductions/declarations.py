"""Reductions of items: entries, sections, rules, functions, types."""

from ccl.parser.lexer.tokens import Token
from ccl.parser.reductions.reduce import Reductions, Values
from ccl.source.spans import Span
from ccl.support.node import replace
from ccl.syntax import ast

_INHERITED = ast.Function | ast.Const | ast.State | ast.Struct | ast.Enumeration | ast.Execution


class Declarations(Reductions):
    def module(self, span: Span, values: Values) -> ast.Module:
        return ast.Module(items=tuple(values[0]), span=span)

    # --- entries and sections

    def key_name(self, span: Span, values: Values) -> ast.Key:
        return ast.Key(text=values[0].text, quoted=False, span=span)

    def key_string(self, span: Span, values: Values) -> ast.Key:
        key = self._plain(values[0], "a key")
        text = "".join(part for part in key.parts if isinstance(part, str))
        return ast.Key(text=text, quoted=True, span=span)

    def _plain(self, text: ast.StringLiteral, what: str) -> ast.StringLiteral:
        """Returns `text`, which must be constant; reports an interpolation."""
        if any(not isinstance(part, str) for part in text.parts):
            self.place.sink.report("CCL0121", text.span, what=what)
        return text

    def entry(self, span: Span, values: Values) -> ast.Entry:
        return ast.Entry(key=values[0], value=values[2], span=span)

    def entry_plain(self, span: Span, values: Values) -> ast.Entry:
        return ast.Entry(key=values[0], value=values[1], span=span)

    def entry_object(self, span: Span, values: Values) -> ast.Entry:
        opening, closing = self.place.span(values[2]), self.place.span(values[4])
        value = ast.InlineObject(entries=self.place.data(values[3]), span=opening.to(closing))
        return ast.Entry(key=values[0], value=value, span=span)

    def call_entry(self, span: Span, values: Values) -> ast.CallEntry:
        call = ast.Call(callee=values[0], type_arguments=(), arguments=tuple(values[2]), span=span)
        return ast.CallEntry(call=call, span=span)

    def section_bare(self, span: Span, values: Values) -> ast.Section:
        return self._section(span, values[0], None, (None, None), values[2])

    def section(self, span: Span, values: Values) -> ast.Section | ast.Article:
        key, value, header, _, entries, _ = values
        self._check_label(key, value)
        if key.text == "article" and not key.quoted and isinstance(value, ast.StringLiteral):
            return ast.Article(
                number=value, entries=tuple(entries), doc=self.place.doc(span), span=span
            )
        return self._section(span, key, value, header, entries)

    def _check_label(self, key: ast.Key, value: ast.Expr) -> None:
        """Reports a label `execution` on a line of its own, which hides the intended block."""
        is_block = isinstance(value, ast.Name) and value.text == "execution"
        if is_block and "\n" in self.place.text[key.span.end : value.span.start]:
            self.place.sink.report("CCL0129", value.span, key=key.text)

    def section_contract(self, span: Span, values: Values) -> ast.Section:
        key = self.key_name(self.place.span(values[0]), values)
        return self._section(span, key, values[1], values[2], values[4])

    def _section(
        self,
        span: Span,
        key: ast.Key,
        value: ast.Expr | None,
        header: tuple[ast.StringLiteral | None, ast.QualifiedName | None],
        entries: Values,
    ) -> ast.Section:
        return ast.Section(
            key=key,
            value=value,
            version=header[0],
            extends=header[1],
            entries=tuple(entries),
            doc=self.place.doc(span),
            span=span,
        )

    def no_header(self, _: Span, __: Values) -> tuple[None, None]:
        return None, None

    def header_version(self, _: Span, values: Values) -> tuple[ast.StringLiteral, None]:
        return values[1], None

    def header_extends(self, _: Span, values: Values) -> tuple[None, ast.QualifiedName]:
        return None, values[1]

    def header_both(self, _: Span, values: Values) -> tuple[ast.StringLiteral, ast.QualifiedName]:
        return values[1], values[3]

    def header_both_swapped(
        self, _: Span, values: Values
    ) -> tuple[ast.StringLiteral, ast.QualifiedName]:
        return values[3], values[1]

    def base(self, span: Span, values: Values) -> ast.QualifiedName:
        return ast.QualifiedName(names=(self.place.ident(values[0]),), span=span)

    def base_of_import(self, span: Span, values: Values) -> ast.QualifiedName:
        return ast.QualifiedName(names=(*values[0].names, self.place.ident(values[2])), span=span)

    def override(self, span: Span, values: Values) -> ast.Item:
        """Reduces `override` before an entry, a section, a rule or an item that a contract can
        inherit."""
        item: ast.Item = values[1]
        if isinstance(item, ast.Entry | ast.Section | ast.IfRule | _INHERITED):
            return replace(item, override=True, span=span)
        self.place.sink.report("CCL0126", self.place.span(values[0]))
        return item

    # --- rules

    def _if_rule(self, span: Span, values: Values, otherwise: tuple[ast.Item, ...]) -> ast.IfRule:
        return ast.IfRule(
            condition=values[1],
            article=values[2],
            then=tuple(values[4]),
            otherwise=otherwise,
            span=span,
        )

    def if_rule(self, span: Span, values: Values) -> ast.IfRule:
        return self._if_rule(span, values, ())

    def if_rule_else(self, span: Span, values: Values) -> ast.IfRule:
        return self._if_rule(span, values, tuple(values[8]))

    def if_rule_else_if(self, span: Span, values: Values) -> ast.IfRule:
        return self._if_rule(span, values, (values[7],))

    def range_rule(self, span: Span, values: Values) -> ast.RangeRule:
        return self.range_rule_key(span, [None, *values])

    def range_rule_key(self, span: Span, values: Values) -> ast.RangeRule:
        key, _, (low, high, half_open), article, _, entries, _ = values
        return ast.RangeRule(
            key=key,
            low=low,
            high=high,
            half_open=half_open,
            article=article,
            entries=tuple(entries),
            span=span,
        )

    def band(self, _: Span, values: Values) -> tuple[ast.Expr, ast.Expr, bool]:
        return values[0], values[1], False

    def band_dots(self, _: Span, values: Values) -> tuple[ast.Expr, ast.Expr, bool]:
        return values[0], values[2], values[1].kind == "DOTDOT"

    # --- code at the top

    def handler(self, span: Span, values: Values) -> ast.Handler:
        return ast.Handler(
            event=self._plain(values[1], "the name of an event"), body=values[2], span=span
        )

    def entries_for_code(self, span: Span, values: Values) -> ast.Section:
        """Reports entries in the braces of an item that contains statements; the result is no
        section."""
        word, *_, found = values
        self.place.sink.report("CCL0128", self.place.span(word), word=word.text)
        key = ast.Key(text=word.text, quoted=True, span=self.place.span(word))
        return self._section(span, key, None, (None, None), list(found.entries))

    def execution(self, span: Span, values: Values) -> ast.Execution:
        return ast.Execution(body=values[1], span=span)

    def execution_colon(self, span: Span, values: Values) -> ast.Execution:
        return ast.Execution(body=values[2], span=span)

    def invariant(self, span: Span, values: Values) -> ast.Invariant:
        name = self._plain(values[1], "the name of an invariant")
        return ast.Invariant(name=name, condition=values[2], article=values[3], span=span)

    def import_plain(self, span: Span, values: Values) -> ast.Import:
        return ast.Import(path=values[1], alias=None, span=span)

    def import_as(self, span: Span, values: Values) -> ast.Import:
        return ast.Import(path=values[1], alias=self.place.ident(values[3]), span=span)

    def const(self, span: Span, values: Values) -> ast.Const:
        _, name, kind, _, value = values
        return ast.Const(
            name=self.place.ident(name),
            type=kind,
            value=value,
            doc=self.place.doc(span),
            span=span,
        )

    def state(self, span: Span, values: Values) -> ast.State:
        _, name, kind, _, value = values
        return ast.State(
            name=self.place.ident(name),
            type=kind,
            value=value,
            doc=self.place.doc(span),
            span=span,
        )

    def function(self, span: Span, values: Values) -> ast.Function:
        modifiers, keyword, name, generics, _, parameters, _, result, body = values
        words = [each.kind for each in modifiers]
        start = modifiers[0] if modifiers else keyword
        whole = Span(span.file, start.start, span.end)
        return ast.Function(
            name=self.place.ident(name),
            type_parameters=tuple(generics),
            parameters=tuple(parameters),
            result=result,
            body=body,
            exported="EXPORT" in words,
            test="TEST" in words,
            doc=self.place.doc(whole),
            span=whole,
        )

    def parameter(self, span: Span, values: Values) -> ast.Parameter:
        return ast.Parameter(name=values[0], type=values[1], span=span)

    # --- types

    def type_path(self, _: Span, values: Values) -> tuple[ast.Ident, ...]:
        return (self.place.ident(values[0]),)

    def type_path_more(self, _: Span, values: Values) -> tuple[ast.Ident, ...]:
        return (*values[0], self.place.ident(values[2]))

    def named_type(self, span: Span, values: Values) -> ast.NamedType:
        return ast.NamedType(path=values[0], arguments=(), span=span)

    def generic_type(self, span: Span, values: Values) -> ast.NamedType:
        return ast.NamedType(path=values[0], arguments=tuple(values[2]), span=span)

    def list_type(self, span: Span, values: Values) -> ast.ListType:
        return ast.ListType(element=values[1], span=span)

    def type_value(self, span: Span, values: Values) -> ast.Call:
        """Reduces `Array<Did>` in place of a value: the type of a parameter of a proposal."""
        name = self.place.ident(values[0])
        return ast.Call(
            callee=ast.Name(text=name.text, span=name.span),
            type_arguments=tuple(values[2]),
            arguments=(),
            span=span,
        )

    def struct(self, span: Span, values: Values) -> ast.Struct:
        return ast.Struct(
            name=self.place.ident(values[1]),
            type_parameters=tuple(values[2]),
            fields=tuple(values[4]),
            doc=self.place.doc(span),
            span=span,
        )

    def struct_field(self, span: Span, values: Values) -> ast.StructField:
        doc = self.place.doc(span)
        return ast.StructField(name=values[0], type=values[2], doc=doc, span=span)

    def enum(self, span: Span, values: Values) -> ast.Enumeration:
        return ast.Enumeration(
            name=self.place.ident(values[1]),
            type_parameters=tuple(values[2]),
            variants=tuple(values[4]),
            doc=self.place.doc(span),
            span=span,
        )

    def variant(self, span: Span, values: Values) -> ast.Variant:
        return self._variant(span, values[0], ())

    def variant_payload(self, span: Span, values: Values) -> ast.Variant:
        return self._variant(span, values[0], tuple(values[2]))

    def _variant(self, span: Span, name: Token, payload: tuple[ast.TypeExpr, ...]) -> ast.Variant:
        doc = self.place.doc(span)
        return ast.Variant(name=self.place.ident(name), payload=payload, doc=doc, span=span)
