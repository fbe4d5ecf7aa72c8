"""`extends`: a section begins with the entries of another one, and may replace them."""

from ccl import typed
from ccl.abi.suggest import nearest
from ccl.checking.charter.tree import CONTRACT, Entry, Property, Tree
from ccl.diagnostics import Label, Sink
from ccl.nesting import INHERITANCE_MAX, heights
from ccl.node import replace
from ccl.typed import Guard

HEAD_KEYS = frozenset({"version", "extends"})
"""What a head says is said of that section alone."""


def inherit(sink: Sink, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The same entries, every section with what it extends."""
    return _within(sink, entries, (), ())


def _within(
    sink: Sink,
    entries: tuple[Entry, ...],
    around: tuple[tuple[Entry, ...], ...],
    extending: tuple[Tree, ...],
) -> tuple[Entry, ...]:
    entries = _without_long_rows(sink, entries)
    scopes = (entries, *around)
    return tuple(
        _section(sink, each, scopes, extending) if isinstance(each, Tree) else each
        for each in entries
    )


def _without_long_rows(sink: Sink, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Those of one scope, of which none is too far from the first that it extends. The first that
    is too far is reported; those after it follow from it."""
    extending = {id(each): each for each in entries if isinstance(each, Tree) and each.extends}
    if len(extending) < INHERITANCE_MAX:
        return entries
    names: dict[str, list[Tree]] = {}
    for each in entries:
        for name in _names(each):
            if isinstance(each, Tree):
                names.setdefault(name, []).append(each)

    def base(key: int) -> int | None:
        tree = extending[key]
        assert tree.extends is not None, "those without are not among them"
        found = _named(tuple(names.get(tree.extends.text, ())), tree, tree.extends.text)
        return id(found) if id(found) in extending else None

    high = heights(extending, base)
    far = {key for key, height in high.items() if height >= INHERITANCE_MAX}
    for key in far:
        tree = extending[key]
        if high[key] == INHERITANCE_MAX and tree.extends and tree.key != CONTRACT:
            limit = str(INHERITANCE_MAX)
            sink.report("CCL0601", tree.extends.span, limit=limit, advice="extends")
    return tuple(replace(extending[id(e)], extends=None) if id(e) in far else e for e in entries)


def _section(
    sink: Sink, tree: Tree, scopes: tuple[tuple[Entry, ...], ...], extending: tuple[Tree, ...]
) -> Tree:
    chain = (*extending, tree)
    own = _within(sink, tree.entries, scopes, chain)
    if tree.extends is None:
        return replace(tree, entries=own)
    name = tree.extends.text
    base = next((found for scope in scopes if (found := _named(scope, tree, name))), None)
    if base is None and tree.key == CONTRACT:
        return replace(tree, entries=own, extends=None)  # of another file, or reported already
    if base is None:
        known = [text for scope in scopes for each in scope for text in _names(each)]
        sink.report("CCL0320", tree.extends.span, name=name, nearest=nearest(name, known))
        return replace(tree, entries=own, extends=None)
    if any(base is each for each in chain) and tree.key == CONTRACT:
        return replace(tree, entries=own, extends=None)
    if any(base is each for each in chain):
        sink.report(
            "CCL0321",
            tree.extends.span,
            name=name,
            labels=tuple(Label(each.span, "in this circle") for each in chain),
        )
        return replace(tree, entries=own, extends=None)
    whole = _section(sink, base, scopes, chain)
    inherited = tuple(
        _inherited(each, guard)
        for each in whole.entries
        if not _is_head(each)
        for guard in tree.when
    )
    heads = tuple(each for each in own if _is_head(each))
    rest = tuple(each for each in own if not _is_head(each))
    return replace(tree, entries=(*heads, *inherited, *rest), extends=None)


def _is_head(entry: Entry) -> bool:
    return isinstance(entry, Property) and entry.node.key in HEAD_KEYS


def _named(scope: tuple[Entry, ...], tree: Tree, name: str) -> Tree | None:
    """The section called so: one of the same key first, then any by its value, then by its key."""
    trees = [each for each in scope if isinstance(each, Tree) and each is not tree]
    called = [each for each in trees if _called(each) == name]
    alike = [each for each in called if each.key == tree.key]
    keyed = [each for each in trees if each.key == name]
    return next(iter((*alike, *called, *keyed)), tree if _called(tree) == name else None)


def _called(tree: Tree) -> str | None:
    return tree.label.value if isinstance(tree.label, typed.CharterText) else None


def _names(entry: Entry) -> tuple[str, ...]:
    if not isinstance(entry, Tree):
        return ()
    called = _called(entry)
    return (entry.key,) if called is None else (called, entry.key)


def _inherited(entry: Entry, guard: Guard) -> Entry:
    """The entry as part of the section that extends its own, under that section's guard too."""
    match entry:
        case Property():
            node = replace(entry.node, when=entry.node.when | guard)
            return replace(entry, node=node, inherited=entry.inherited + 1)
        case Tree():
            return replace(
                entry,
                when=tuple(each | guard for each in entry.when),
                entries=tuple(_inherited(each, guard) for each in entry.entries),
                inherited=entry.inherited + 1,
            )
        case typed.CharterDecision():
            return replace(entry, when=entry.when | guard)
