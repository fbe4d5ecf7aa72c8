"""Sections of proposals: their entries by key, and the entries that the charter keeps.

The items that they mean are in `ccl.desugar.proposal_items`.
"""

from typing import assert_never

from ccl.desugar import ast_builders
from ccl.desugar.keys import PROPOSAL_KEYS, check_key, keys_in, refuse
from ccl.desugar.proposal_items import Parts, items_of
from ccl.diagnostics.model import Label, Sink
from ccl.resolver.scopes import Proposal
from ccl.source.spans import Span
from ccl.support.node import replace
from ccl.syntax import ast


def read_proposal(
    section: ast.Section, sink: Sink
) -> tuple[Proposal, tuple[ast.Item, ...], ast.Section]:
    """Returns the proposal, its items, and what is left of the section for the charter."""
    assert isinstance(section.value, ast.Name), "the caller has checked `is_section`"
    name = ast_builders.ident(section.value.text, section.value.span)
    parts = _read(section, sink)
    for key in ("electorate", "voting_period"):
        if key not in parts.values:
            sink.report("CCL0340", name.span, name=name.text, key=key)
            parts.values[key] = (
                ast.DurationLiteral(seconds=0, unit="d", span=name.span)
                if key == "voting_period"
                else ast.ArrayExpr(elements=(), span=name.span)
            )
    if section.extends is not None:
        sink.report("CCL0341", section.extends.span)
    shown = replace(
        section,
        value=ast_builders.text_of(name.text, name.span),
        entries=tuple(parts.shown),
        extends=None,
        override=False,
    )
    proposal = Proposal(name=name)
    return proposal, items_of(proposal, parts, section, sink), shown


def _read(section: ast.Section, sink: Sink) -> Parts:
    parts = Parts()
    given = keys_in(section)
    first: dict[str, Span] = {}
    for item in section.entries:
        match item:
            case ast.Entry(key=key, value=value):
                check_key(key, "proposal", PROPOSAL_KEYS, given, sink)
                if key.text in ("electorate", "voting_period", "quorum", "threshold"):
                    if key.text in first:
                        sink.report(
                            "CCL0301",
                            key.span,
                            key=key.text,
                            labels=(Label(first[key.text], "first set here"),),
                        )
                        continue
                    first[key.text] = key.span
                    parts.values[key.text] = value
                    parts.shown += _shown(item)
                elif key.text == "parameters" and isinstance(value, ast.InlineObject):
                    parts.shown.append(_parameters(key, value.entries, parts, sink))
                elif key.text == "parameters":
                    refuse(sink, key, value.span, "a section of names and types")
                else:
                    parts.shown.append(item)
            case ast.Section(key=ast.Key(text="parameters") as key, entries=entries):
                parts.shown.append(_parameters(key, entries, parts, sink))
            case ast.Section(key=key):
                check_key(key, "proposal", PROPOSAL_KEYS, given, sink)
                parts.shown.append(item)
            case ast.Execution() if parts.execution is not None:
                label = Label(parts.execution.span, "the first one")
                sink.report("CCL0701", item.span, labels=(label,))
            case ast.Execution():
                parts.execution = item
            case _:  # the charter's, as anywhere
                parts.shown.append(item)
    return parts


def _shown(item: ast.Entry) -> tuple[ast.Entry, ...]:
    """Returns the entry as the charter has it; code has no form there."""
    match item.key.text, item.value:
        case "electorate", _:
            return ()
        case _, value if isinstance(value, ast.AnyLiteral | ast.Name):
            return (item,)
        case _, value:
            words = _words(value)
            if words is None:
                return ()
            return (replace(item, value=ast_builders.text_of(words, value.span)),)


def _words(value: ast.Expr) -> str | None:
    """Returns `supermajority(2/3)` and `2/3` as texts."""
    match value:
        case ast.Binary(
            operator="/", left=ast.IntegerLiteral() as left, right=ast.IntegerLiteral() as right
        ):
            return f"{left.value}/{right.value}"
        case ast.PercentLiteral():
            return f"{value.value.normalize():f}%"
        case ast.DecimalLiteral():
            return f"{value.value:f}"
        case ast.Name():
            return value.text
        case ast.Call(callee=ast.Name(text=word), arguments=(ast.Argument(value=share),)):
            inside = _words(share)
            return None if inside is None else f"{word}({inside})"
        case _:  # shown as it is
            return None


def _parameters(
    key: ast.Key, entries: tuple[ast.Item, ...], parts: Parts, sink: Sink
) -> ast.Section:
    """Reads `name: Type;` each; in the charter the types are texts."""
    shown: list[ast.Item] = []
    for item in entries:
        kind = _type(item.value) if isinstance(item, ast.Entry) else None
        if not isinstance(item, ast.Entry) or kind is None or not item.key.text.isidentifier():
            refuse(sink, key, item.span, "a section of names and types")
            continue
        parts.parameters.append((ast_builders.ident(item.key.text, item.key.span), kind))
        words = ast_builders.text_of(type_words(kind), item.value.span)
        shown.append(replace(item, value=words))
    return ast.Section(
        key=key,
        value=None,
        version=None,
        extends=None,
        entries=tuple(shown),
        doc=None,
        span=key.span,
    )


def _type(value: ast.Expr) -> ast.TypeExpr | None:
    """Returns the type that an entry's value spells."""
    match value:
        case ast.Name(text=text, span=span):
            return ast_builders.named_type([text], (), span)
        case ast.Field(base=base, name=name, span=span):
            around = _type(base)
            if not isinstance(around, ast.NamedType) or around.arguments:
                return None
            return ast.NamedType(path=(*around.path, name), arguments=(), span=span)
        case ast.PathName(segments=path, span=span):
            return ast.NamedType(path=path, arguments=(), span=span)
        case ast.ArrayExpr(elements=(element,), span=span):
            inner = _type(element)
            return None if inner is None else ast.ListType(element=inner, span=span)
        case ast.Call(
            callee=ast.Name(text=text), type_arguments=(_, *_) as inner, arguments=(), span=span
        ):
            return ast_builders.named_type([text], inner, span)
        case _:  # it spells no type
            return None


def type_words(kind: ast.TypeExpr) -> str:
    match kind:
        case ast.ListType(element=element):
            return f"Array<{type_words(element)}>"
        case ast.NamedType(path=path, arguments=arguments):
            name = ".".join(each.text for each in path)
            inside = ", ".join(map(type_words, arguments))
            return f"{name}<{inside}>" if inside else name
        case _:
            assert_never(kind)
