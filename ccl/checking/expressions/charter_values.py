"""Values of the charter in code: of the contract, then of the file, then of the program.

`resources.compute` and `charter.resources.compute` look for `resources` in this order. In a
contract `charter.contract.limit` is the `limit` of that one, whatever other contracts there are.
Code reads only entries that are under no condition.
"""

from collections.abc import Iterator, Sequence

from ccl.abi.text.suggest import nearest
from ccl.checking.constants import inlining
from ccl.checking.core.environment import Body, invalid
from ccl.checking.symbols.uses import note, note_prelude
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.charter import (
    CONTRACT,
    Charter,
    Property,
    Setting,
    Tree,
    guards_of,
    is_conditional,
    span_of,
)
from ccl.ir.symbols import SymbolKind
from ccl.ir.typed import Guard
from ccl.source.spans import FileId, Span
from ccl.syntax import ast

_WHOLE = "charter"


def has(body: Body, name: str) -> bool:
    """Returns whether the bare name is a key of the declarations that the scope sees."""
    return any(_leads(each, (name,)) is not None for each, _ in _trees(body, whole=False))


def read(body: Body, path: tuple[ast.Ident, ...], span: Span) -> typed.Expr:
    """Reads the constant at a path that begins with `charter`, or with a name that `has`
    accepts."""
    whole = path[0].text == _WHOLE and not has(body, _WHOLE)
    if whole:
        note_prelude(body.checker, path[0], SymbolKind.PRELUDE_VALUE)
    names = path[1:] if whole else path
    words = [each.text for each in names]
    for section, charter in _trees(body, whole=whole):
        skipped = _leads(section, words)
        if skipped is not None:
            return _constant_at(body, charter, section, names, names[skipped:], span)
    charter = body.checker.charter
    return _constant_at(body, charter, charter.root, names or path, names, span)


def settings_at_root(body: Body, name: str) -> tuple[Charter, Tree]:
    """Returns the section of a bare name that `has` accepts."""
    trees = _trees(body, whole=False)
    return next((charter, at) for at, charter in trees if _leads(at, (name,)) is not None)


def _leads(section: Tree, words: Sequence[str]) -> int | None:
    """Returns how many words to skip to find the path in a section; None where it is not there."""
    if not words:
        return None
    if section.named(words[0]):
        return 0
    inside = section.key == CONTRACT and words[0] == CONTRACT
    return 1 if inside and len(words) > 1 and section.named(words[1]) else None


def _trees(body: Body, *, whole: bool) -> Iterator[tuple[Tree, Charter]]:
    scope, checker = body.scope, body.checker
    if scope.contract is not None and scope.text is not None:
        for file, name in ((scope.contract_file, scope.contract), (scope.source, scope.text)):
            yield from _contract(body, file, name)
    own = checker.charters.get(scope.source)
    if own is not None:
        yield own.root, own
    if whole and scope.source != checker.scoped.root:
        yield checker.charter.root, checker.charter


def _contract(body: Body, file: FileId, name: str) -> Iterator[tuple[Tree, Charter]]:
    charter = body.checker.charters.get(file)
    for each in () if charter is None else charter.root.named(CONTRACT):
        match each:
            case Tree(label=typed.CharterText(value=text)) if text == name:
                assert charter is not None, "it has such a section"
                yield each, charter
            case _:
                pass


def _constant_at(
    body: Body,
    charter: Charter,
    start: Tree,
    written: tuple[ast.Ident, ...],
    path: tuple[ast.Ident, ...],
    span: Span,
) -> typed.Expr:
    """Reads the constant at a path from `start`; `written` is the whole path."""
    here: Setting = start
    skipped = len(written) - len(path)
    for i, step in enumerate(path, start=skipped):
        if not isinstance(here, Tree):
            return _absent(body, written[: i + 1], step, ())
        found = here.named(step.text)
        if not found:
            return _absent(body, written[: i + 1], step, here.keys)
        conditional = [each for each in found if is_conditional(each)]
        if conditional:
            return _conditional(body, charter, written[: i + 1], step, conditional)
        if len(found) > 1:
            body.sink.report(
                "CCL0313",
                step.span,
                name=step.text,
                labels=tuple(Label(span_of(each), "one of them") for each in found),
            )
            return invalid(span)
        here = found[0]
        note(body.checker, step.span, SymbolKind.CHARTER_KEY, step.text, span_of(here))
    if isinstance(here, Property):
        if here.constant is not None:
            body.constant_uses.add(span)
            return inlining.at(here.constant, span)
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


def _conditional(
    body: Body, charter: Charter, path: tuple[ast.Ident, ...], step: ast.Ident, found: list[Setting]
) -> typed.Expr:
    """Reports a value under a condition, which is no constant."""
    numbers = sorted(
        {test.condition for each in found for guard in _causes(each) for test in guard}
    )
    body.sink.report(
        "CCL0315",
        step.span,
        path=".".join(each.text for each in path),
        labels=tuple(
            Label(charter.conditions[number].expr.span, "it depends on this") for number in numbers
        ),
    )
    return invalid(step.span)


def _absent(
    body: Body, path: tuple[ast.Ident, ...], step: ast.Ident, known: tuple[str, ...]
) -> typed.Expr:
    near = nearest(step.text, known)
    body.sink.report(
        "CCL0308",
        step.span,
        path=".".join(each.text for each in path),
        nearest=near,
    )
    return invalid(step.span)


def _causes(entry: Setting) -> tuple[Guard, ...]:
    unless = entry.node.unless if isinstance(entry, Property) else ()
    return (*guards_of(entry), *unless)
