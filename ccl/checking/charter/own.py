"""Whose declarations code reads: its own contract's, then its file's, then the program's.

`resources.compute` and `charter.resources.compute` look for `resources` in this order. In a
contract `charter.contract.limit` is the `limit` of that one, whatever other contracts there are.
"""

from collections.abc import Iterator, Sequence

from ccl import ast, typed
from ccl.checking.charter import tree
from ccl.checking.environment import Body
from ccl.source import FileId, Span

_WHOLE = "charter"


def has(body: Body, name: str) -> bool:
    """Whether the bare name leads to declarations of the text's own."""
    return any(_leads(each, (name,)) is not None for each, _ in _trees(body, whole=False))


def read(body: Body, path: tuple[ast.Ident, ...], span: Span) -> typed.Expr:
    """The constant at a path that begins with `charter`, or with a name that `has` accepts."""
    whole = path[0].text == _WHOLE and not has(body, _WHOLE)
    names = path[1:] if whole else path
    words = [each.text for each in names]
    for section, charter in _trees(body, whole=whole):
        skipped = _leads(section, words)
        if skipped is not None:
            return charter.read(body, section, names, names[skipped:], span)
    charter = body.checker.charter
    return charter.read(body, charter.root, names or path, names, span)


def settings_at_root(body: Body, name: str) -> "tuple[tree.Charter, tree.Tree]":
    """The place of a bare name that `has` accepts."""
    trees = _trees(body, whole=False)
    return next((charter, at) for at, charter in trees if _leads(at, (name,)) is not None)


def _leads(section: "tree.Tree", words: Sequence[str]) -> int | None:
    """How many words to skip to find the path in a section; None where it is not there."""
    if not words:
        return None
    if section.named(words[0]):
        return 0
    inside = section.key == tree.CONTRACT and words[0] == tree.CONTRACT
    return 1 if inside and len(words) > 1 and section.named(words[1]) else None


def _trees(body: Body, *, whole: bool) -> "Iterator[tuple[tree.Tree, tree.Charter]]":
    scope, checker = body.scope, body.checker
    if scope.contract is not None and scope.text is not None:
        for file, name in ((scope.contract_file, scope.contract), (scope.source, scope.text)):
            yield from _contract(body, file, name)
    own = checker.charters.get(scope.source)
    if own is not None:
        yield own.root, own
    if whole and scope.source != checker.scoped.root:
        yield checker.charter.root, checker.charter


def _contract(body: Body, file: FileId, name: str) -> "Iterator[tuple[tree.Tree, tree.Charter]]":
    charter = body.checker.charters.get(file)
    for each in () if charter is None else charter.root.named(tree.CONTRACT):
        match each:
            case tree.Tree(label=typed.CharterText(value=text)) if text == name:
                assert charter is not None, "it has such a section"
                yield each, charter
            case _:
                pass
