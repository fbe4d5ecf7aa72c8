"""Inheritance by `extends`: a section begins with the entries of another, and may replace them."""

from collections.abc import Mapping
from itertools import chain
from typing import assert_never

from ccl.abi.text.suggest import nearest
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.charter import CONTRACT, Entry, Property, Tree
from ccl.ir.typed import Guard
from ccl.support.node import Record, replace
from ccl.support.recursion import INHERITANCE_MAX, heights

HEAD_KEYS = frozenset({"version", "extends"})
"""Keys that a head sets, which are not inherited."""


class _Scope(Record):
    """The entries among which a section finds the one that it extends."""

    entries: tuple[Entry, ...]
    called: Mapping[str, list[Tree]]
    """Sections by their value."""
    keyed: Mapping[str, list[Tree]]
    """Sections by their key."""

    def named(self, tree: Tree, name: str) -> Tree | None:
        """Returns the section of this name.

        One of the same key comes first, then any by its value, then by its key, and the section
        itself after all others.
        """
        called = [each for each in self.called.get(name, ()) if each is not tree]
        alike = (each for each in called if each.key == tree.key)
        keyed = (each for each in self.keyed.get(name, ()) if each is not tree)
        return next(chain(alike, called, keyed), tree if _called(tree) == name else None)


def _scope(entries: tuple[Entry, ...]) -> _Scope:
    called: dict[str, list[Tree]] = {}
    keyed: dict[str, list[Tree]] = {}
    for each in entries:
        if isinstance(each, Tree):
            name = _called(each)
            if name is not None:
                called.setdefault(name, []).append(each)
            keyed.setdefault(each.key, []).append(each)
    return _Scope(entries=entries, called=called, keyed=keyed)


def inherit(sink: Sink, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Returns the entries with those that each section inherits."""
    return _within(sink, entries, (), ())


def _within(
    sink: Sink,
    entries: tuple[Entry, ...],
    around: tuple[_Scope, ...],
    extending: tuple[Tree, ...],
) -> tuple[Entry, ...]:
    scope = _scope(entries)
    found = _without_long_rows(sink, scope)
    if found is not entries:
        entries, scope = found, _scope(found)
    scopes = (scope, *around)
    return tuple(
        _section(sink, each, scopes, extending) if isinstance(each, Tree) else each
        for each in entries
    )


def _without_long_rows(sink: Sink, scope: _Scope) -> tuple[Entry, ...]:
    """Returns the entries of one scope, without chains that are too long.

    The first section beyond the limit is reported; those after it follow from it.
    """
    entries = scope.entries
    extending = {id(each): each for each in entries if isinstance(each, Tree) and each.extends}
    if len(extending) < INHERITANCE_MAX:
        return entries

    def base(key: int) -> int | None:
        tree = extending[key]
        assert tree.extends is not None, "those without are not among them"
        found = scope.named(tree, tree.extends.text)
        return id(found) if id(found) in extending else None

    high = heights(extending, base)
    far = {key for key, height in high.items() if height >= INHERITANCE_MAX}
    for key in far:
        tree = extending[key]
        if high[key] == INHERITANCE_MAX and tree.extends and tree.key != CONTRACT:
            limit = str(INHERITANCE_MAX)
            sink.report("CCL0601", tree.extends.span, limit=limit, advice="extends")
    if not far:
        return entries
    return tuple(replace(extending[id(e)], extends=None) if id(e) in far else e for e in entries)


def _section(
    sink: Sink, tree: Tree, scopes: tuple[_Scope, ...], extending: tuple[Tree, ...]
) -> Tree:
    path = (*extending, tree)
    own = _within(sink, tree.entries, scopes, path)
    if tree.extends is None:
        return replace(tree, entries=own)
    name = tree.extends.text
    base = next((found for scope in scopes if (found := scope.named(tree, name))), None)
    if base is None and tree.key == CONTRACT:
        return replace(tree, entries=own, extends=None)  # of another file, or reported already
    if base is None:
        known = [text for scope in scopes for each in scope.entries for text in _names(each)]
        sink.report("CCL0320", tree.extends.span, name=name, nearest=nearest(name, known))
        return replace(tree, entries=own, extends=None)
    if any(base is each for each in path) and tree.key == CONTRACT:
        return replace(tree, entries=own, extends=None)
    if any(base is each for each in path):
        sink.report(
            "CCL0321",
            tree.extends.span,
            name=name,
            labels=tuple(Label(each.span, "in this cycle") for each in path),
        )
        return replace(tree, entries=own, extends=None)
    whole = _section(sink, base, scopes, path)
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


def _called(tree: Tree) -> str | None:
    return tree.label.value if isinstance(tree.label, typed.CharterText) else None


def _names(entry: Entry) -> tuple[str, ...]:
    if not isinstance(entry, Tree):
        return ()
    called = _called(entry)
    return (entry.key,) if called is None else (called, entry.key)


def _inherited(entry: Entry, guard: Guard) -> Entry:
    """Returns the entry as part of the section that extends its own, under that section's guard
    too."""
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
        case _:
            assert_never(entry)
