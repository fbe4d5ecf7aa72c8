"""Comparison of two builds of one program: their differences, the most significant first.

Only equal bytes prove that builds are equal; the differences help to find out why they are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ccl.abi.sections import PACKED_SECTION, SOURCE_SECTION
from ccl.wasm.inspect import Inspection


class Part(Enum):
    """The part of a module that differs."""

    PROVENANCE = "ccl:source"
    COMPILER = "compiler"
    SOURCE = "source"
    PACKED = "packed module"
    CODE = "code"
    SECTION = "section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`name` of the source, packed module or section; None where a build does not have it."""

    part: Part
    name: str
    given: str | None
    rebuilt: str | None


_TOLD = frozenset({SOURCE_SECTION, PACKED_SECTION})
"""Sections whose content is compared entry by entry."""
_CUSTOM = 0


def differences(
    given: tuple[bytes, Inspection], rebuilt: tuple[bytes, Inspection]
) -> tuple[Difference, ...]:
    """Lists the differences of the module from its rebuild; empty for equal bytes."""
    if given[0] == rebuilt[0]:
        return ()
    return (
        *_provenance(given, rebuilt),
        *_packed(given[1], rebuilt[1]),
        *_parts(given, rebuilt),
    )


def _provenance(
    given: tuple[bytes, Inspection], rebuilt: tuple[bytes, Inspection]
) -> Iterator[Difference]:
    said, found = given[1].provenance, rebuilt[1].provenance
    assert found is not None, "every module of ours says where it comes from"
    if said is None:
        yield Difference(part=Part.PROVENANCE, name=SOURCE_SECTION, given=None, rebuilt="present")
        return
    if said.compiler != found.compiler:
        yield Difference(
            part=Part.COMPILER, name="version", given=said.compiler, rebuilt=found.compiler
        )
    for path in sorted({*said.sources, *found.sources}):
        one, other = said.sources.get(path), found.sources.get(path)
        if one != other:
            yield Difference(part=Part.SOURCE, name=path, given=one, rebuilt=other)
    key = (True, SOURCE_SECTION)
    ours, theirs = _contents(*given)[key], _contents(*rebuilt)[key]
    if said == found and ours != theirs:
        # places of calls in the sources
        yield Difference(
            part=Part.PROVENANCE, name=SOURCE_SECTION, given=_size(ours), rebuilt=_size(theirs)
        )


def _packed(given: Inspection, rebuilt: Inspection) -> Iterator[Difference]:
    ours = {each.cid for each in given.packed}
    theirs = {each.cid for each in rebuilt.packed}
    for cid in sorted(ours ^ theirs):
        size = next(p.size_bytes for p in (*given.packed, *rebuilt.packed) if p.cid == cid)
        shown = f"{size} bytes"
        yield Difference(
            part=Part.PACKED,
            name=cid,
            given=shown if cid in ours else None,
            rebuilt=shown if cid in theirs else None,
        )


def _parts(
    given: tuple[bytes, Inspection], rebuilt: tuple[bytes, Inspection]
) -> Iterator[Difference]:
    ours, theirs = _contents(*given), _contents(*rebuilt)
    for key in sorted({*ours, *theirs}):
        one, other = ours.get(key), theirs.get(key)
        custom, name = key
        if one != other and name not in _TOLD:
            yield Difference(
                part=Part.SECTION if custom else Part.CODE,
                name=name,
                given=_size(one),
                rebuilt=_size(other),
            )


def _contents(data: bytes, module: Inspection) -> dict[tuple[bool, str], tuple[bytes, ...]]:
    """Returns the contents of the sections, those that are executed first."""
    found: dict[tuple[bool, str], tuple[bytes, ...]] = {}
    for section in module.sections:
        key = (section.kind == _CUSTOM, section.name)
        found[key] = (*found.get(key, ()), data[section.start : section.end])
    return found


def _size(contents: tuple[bytes, ...] | None) -> str | None:
    return None if contents is None else f"{sum(map(len, contents))} bytes"
