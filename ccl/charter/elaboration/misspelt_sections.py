"""Warnings for top-level sections whose names are nearly those of a schema.

Any other name is free. One slip in a long name is enough; two slips, a plural or a singular, and
any slip in a short name may be intended, unless the section has a key of the schema.
"""

from typing import Final

from ccl.abi.text.suggest import distance
from ccl.diagnostics.fixes import spelling_fix
from ccl.diagnostics.model import Sink
from ccl.ir.charter import Charter, Tree, span_of
from ccl.prelude.schemas import OPEN_SECTIONS, SCHEMAS, SLIP_DISTANCE_MAX

_KNOWN: Final = tuple(dict.fromkeys(path.partition(".")[0] for path in SCHEMAS))
_LONG: Final = 5
"""The length from which on a name may have two slips, or one without a known key in it."""


def check_names_of_sections(sink: Sink, charter: Charter) -> None:
    root = charter.root
    for key in root.keys:
        if key in _KNOWN:
            continue
        for section in root.named(key):
            near = _meant(section) if isinstance(section, Tree) else None
            if near is not None:
                span = span_of(section)
                fixes, advice = spelling_fix(span, near, root.keys)
                sink.report("CCL0347", span, key=key, nearest=near, fixes=fixes, advice=advice)


def _meant(section: Tree) -> str | None:
    """Returns the known name nearest to the section's, if it is meant."""
    edits, near = min((_edits(section.key, known), known) for known in _KNOWN)
    if edits > SLIP_DISTANCE_MAX or (edits > 1 and section.key[0] != near[0]):
        return None
    is_number = section.key.removesuffix("s") == near.removesuffix("s")
    is_slip = edits <= 1 and len(near) >= _LONG and not is_number
    return near if is_slip or _has_key_of(section, near) else None


def _edits(key: str, known: str) -> int:
    limit = SLIP_DISTANCE_MAX if len(known) >= _LONG else 1
    found = distance(key.casefold(), known, limit)
    return found if found <= limit else SLIP_DISTANCE_MAX + 1


def _has_key_of(section: Tree, known: str) -> bool:
    keys = {*SCHEMAS.get(known, ()), *OPEN_SECTIONS.get(known, ())}
    return not keys.isdisjoint(section.keys)
