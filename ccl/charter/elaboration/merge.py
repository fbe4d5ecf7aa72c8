"""Merge of entries: sections of one name are joined, competing rules are ordered.

A nested rule replaces the outer ones; where two rules can hold at once and set one key differently,
one of them must have `override`.
"""

from typing import TypeAlias

from ccl.charter.conditions.guards import Guards
from ccl.charter.elaboration.values import identity_of, same_value
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.charter import Entry, Property, Setting, Tree, guards_of, key_of, span_of
from ccl.support.node import replace

Identity: TypeAlias = tuple[str, object]
"""Key and label: settings that share both are one section, or compete."""
Rivals: TypeAlias = list[tuple[Property, Property]]
"""Settings that exclude each other if results of functions turn out to be whole."""


def merge(
    sink: Sink, entries: tuple[Entry, ...], guards: Guards, rivals: Rivals | None = None
) -> tuple[Entry, ...]:
    """Returns the entries of one section, and of all within, each key decided.

    rivals: takes what `report_rivals` has to decide; without it, nothing is left open.
    """
    joined = _joined(sink, entries)
    ordered = _ordered(sink, joined, guards, rivals)
    return tuple(
        replace(each, entries=merge(sink, each.entries, guards, rivals))
        if isinstance(each, Tree)
        else each
        for each in ordered
    )


def report_rivals(sink: Sink, rivals: Rivals, guards: Guards) -> None:
    """Reports settings that can hold at once after all, once all types are known."""
    for earlier, later in rivals:
        if not _never_meet(earlier, later, guards):
            _report_conflict(sink, earlier, later)


def _never_meet(earlier: Setting, later: Setting, guards: Guards) -> bool:
    return all(guards.exclusive(a, b) for a in guards_of(earlier) for b in guards_of(later))


def _identity(entry: Setting) -> Identity:
    label = entry.label if isinstance(entry, Tree) else None
    return key_of(entry), None if label is None else identity_of(label)


def _joined(sink: Sink, entries: tuple[Entry, ...]) -> list[Entry]:
    """Joins the sections of one name into one."""
    found: list[Entry] = []
    places: dict[Identity, int] = {}
    for entry in entries:
        if not isinstance(entry, Tree):
            found.append(entry)
            continue
        identity = _identity(entry)
        at = places.get(identity)
        if at is None:
            places[identity] = len(found)
            found.append(entry)
            continue
        first = found[at]
        assert isinstance(first, Tree), "only sections have places"
        same_origin = first.inherited == entry.inherited
        if same_origin and any(guard in first.when for guard in entry.when):
            _report_twice(sink, entry, first)
            continue
        found[at] = replace(
            first,
            entries=(*first.entries, *entry.entries),
            when=tuple(dict.fromkeys((*first.when, *entry.when))),
            inherited=min(first.inherited, entry.inherited),
        )
    return found


def _ordered(
    sink: Sink, entries: list[Entry], guards: Guards, open_rivals: Rivals | None
) -> list[Entry]:
    """Returns the properties with what replaces them; conflicts are reported and left out."""
    kept: list[Entry] = []
    rivals: dict[Identity, list[int]] = {}
    refused: dict[Identity, list[Property]] = {}
    for entry in entries:
        if isinstance(entry, typed.CharterDecision) or _is_call(entry):
            kept.append(entry)
            continue
        identity = _identity(entry)
        if isinstance(entry, Property):
            before = refused.setdefault(identity, [])
            twin = next((each for each in before if each.node.when == entry.node.when), None)
            if twin is not None:
                _report_twice(sink, entry, twin)
                continue
        places = rivals.setdefault(identity, [])
        later: Setting = entry
        losers: list[int] = []
        for at in places:
            earlier = kept[at]
            assert not isinstance(earlier, typed.CharterDecision), "decisions have no key"
            winner = _winner(sink, earlier, later, guards, open_rivals)
            if winner is None:
                continue
            if winner == "neither":
                if isinstance(entry, Property):
                    refused[identity].append(entry)
                break
            if winner == "later":
                losers.append(at)
            else:
                later = _giving_way(later, earlier)
        else:
            for at in losers:
                loser = kept[at]
                assert not isinstance(loser, typed.CharterDecision), "decisions have no key"
                kept[at] = _giving_way(loser, later)
            places.append(len(kept))
            kept.append(later)
    return [each for each in kept if not _never_counts(each)]


def _never_counts(entry: Entry) -> bool:
    """Returns whether another setting wins wherever this one holds."""
    return isinstance(entry, Property) and any(
        guard <= entry.node.when for guard in entry.node.unless
    )


def _is_call(entry: Setting) -> bool:
    return isinstance(entry, Property) and isinstance(entry.node.value, typed.CharterCall)


def _giving_way(entry: Setting, to: Setting) -> Setting:
    if isinstance(entry, Tree):
        return entry
    unless = tuple(dict.fromkeys((*entry.node.unless, *guards_of(to))))
    return replace(entry, node=replace(entry.node, unless=unless))


def _winner(
    sink: Sink, earlier: Setting, later: Setting, guards: Guards, open_rivals: Rivals | None
) -> str | None:
    """Returns the setting of a key that counts where both hold.

    `earlier`, `later`, or `neither` after reporting; None where they exclude each other.
    """
    if _never_meet(earlier, later, guards):
        return None
    if isinstance(earlier, Tree) or isinstance(later, Tree):
        _report_twice(sink, later, earlier)
        return "neither"
    if earlier.inherited > later.inherited:
        return "later"
    if earlier.override is not later.override:
        return "earlier" if earlier.override else "later"
    before, after = earlier.node.when, later.node.when
    if before == after:
        _report_twice(sink, later, earlier)
        return "neither"
    if before < after or same_value(earlier.node.value, later.node.value):
        return "later"
    if open_rivals is not None and _never_meet(earlier, later, guards.assuming_whole):
        open_rivals.append((earlier, later))
        return None
    _report_conflict(sink, earlier, later)
    return "neither"


def _report_twice(sink: Sink, entry: Setting, first: Setting) -> None:
    sink.report(
        "CCL0301",
        span_of(entry),
        key=key_of(entry),
        labels=(Label(span_of(first), "first set here"),),
    )


def _report_conflict(sink: Sink, earlier: Property, later: Property) -> None:
    advice = "general" if later.node.when < earlier.node.when else None
    label = "and set to another value here"
    if not later.node.when:
        advice, label = "default", "this rule comes before it, and sets another value"
    sink.report(
        "CCL0306",
        later.node.key_span,
        key=later.node.key,
        labels=(Label(earlier.node.key_span, label),),
        advice=advice,
    )
