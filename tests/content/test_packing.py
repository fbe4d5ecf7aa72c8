"""Packing: the bytes of `encode(to_value(record))`, and its errors."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, TypeAlias

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import DEPTH_MAX, INTEGER_MAX, CodecError, decode, encode
from runtime.content.did import Did
from runtime.content.packing import amender, pack_fields, packer
from runtime.content.shapes import Between, Checked, Omitted, Recursive, ShapeError, Size
from runtime.content.typed import to_value

DID = Did("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
CIDS = st.binary(max_size=4).map(lambda data: cid_of(data, Codec.RAW))


class Colour(Enum):
    RED = "red"
    DEEP_BLUE = "deep-blue"


class Dot(Struct, frozen=True, kw_only=True):
    """Has no field, and in a union only its kind."""


class Square(Struct, frozen=True, kw_only=True):
    """Fields before and after `kind` in canonical order."""

    side: int
    a: Colour
    weight: int


Form: TypeAlias = Dot | Square


class Tree(Struct, frozen=True, kw_only=True):
    name: str
    below: Annotated[tuple["Tree", ...], Size(0, 9), Recursive()] = ()


class Sheet(Struct, frozen=True, kw_only=True):
    count: int
    signed: Annotated[int, Between(-(1 << 63), INTEGER_MAX)]
    flag: bool
    title: Annotated[str, Size(0, 30)]
    data: Annotated[bytes, Size(0, 300)]
    owner: Did
    link: Cid | None
    forms: tuple[Form, ...]
    best: Form | None
    totals: Annotated[Mapping[str, int], Size(0, 4)]
    even: Annotated[int, Checked(lambda n: n % 2 == 0, "an even number")]
    colour: Colour
    note: Annotated[str, Omitted()] = ""


class Loose(Struct, frozen=True, kw_only=True):
    anything: Any
    sheet: Sheet | None


FORMS = st.builds(Dot) | st.builds(
    Square, side=st.integers(0, INTEGER_MAX), a=st.sampled_from(Colour), weight=st.integers(0, 9)
)
SHEETS = st.builds(
    Sheet,
    count=st.integers(0, INTEGER_MAX) | st.integers(0, 2_000),
    signed=st.integers(-(1 << 63), INTEGER_MAX),
    flag=st.booleans(),
    title=st.text(st.characters(codec="utf-8"), max_size=7),
    data=st.binary(max_size=300),
    owner=st.just(DID),
    link=st.none() | CIDS,
    forms=st.lists(FORMS, max_size=30).map(tuple),
    best=st.none() | FORMS,
    totals=st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=30), st.integers(0, 9), max_size=4
    ),
    even=st.integers(0, 9).map(lambda n: 2 * n),
    colour=st.sampled_from(Colour),
    note=st.sampled_from(["", "noted"]),
)
SHEET = Sheet(
    count=1,
    signed=-1,
    flag=True,
    title="t",
    data=b"",
    owner=DID,
    link=None,
    forms=(),
    best=None,
    totals={},
    even=0,
    colour=Colour.RED,
)


def whole(fields: dict[str, bytes]) -> dict[str, Any]:
    return {name: decode(data) for name, data in fields.items()}


@given(SHEETS)
@examples(200)
def test_packed_record_is_its_encoding(sheet: Sheet) -> None:
    assert packer(Sheet)(sheet) == encode(to_value(sheet))
    assert whole(pack_fields(sheet)) == to_value(sheet)


SQUARES = st.builds(
    Square, side=st.integers(0, 2), a=st.sampled_from(Colour), weight=st.integers(0, 1)
)


@given(st.lists(SQUARES, min_size=2, max_size=5))
@examples(50)
def test_record_that_is_amended_has_the_bytes_of_the_whole(squares: list[Square]) -> None:
    amend = amender(Square)
    older, parts = None, None
    for square in squares:
        older, parts = square, amend(square, older, parts)
        assert b"".join(parts) == encode(to_value(square))


@given(st.lists(SHEETS, min_size=2, max_size=3))
@examples(20)
def test_record_that_is_written_the_long_way_is_amended_too(sheets: list[Sheet]) -> None:
    amend = amender(Sheet)
    older, parts = None, None
    for sheet in sheets:
        older, parts = sheet, amend(sheet, older, parts)
        assert b"".join(parts) == encode(to_value(sheet))


def test_what_is_the_same_object_is_not_written_again() -> None:
    amend = amender(Square)
    older = Square(side=1, a=Colour.RED, weight=1)
    kept = (b"first", b"second", b"third")
    assert amend(replace(older, weight=2), older, kept) == (b"first", b"second", b"fweight\x02")


def test_amended_record_that_is_wrong_has_the_same_error() -> None:
    amend = amender(Square)
    older = Square(side=1, a=Colour.RED, weight=1)
    with pytest.raises(ShapeError, match="weight: -1 is not between"):
        amend(replace(older, weight=-1), older, amend(older, None, None))


@given(SHEETS, st.recursive(st.integers(0, 9), lambda inner: st.lists(inner, max_size=3)))
@examples(50)
def test_record_with_a_field_of_any_type_is_packed_too(sheet: Sheet, anything: Any) -> None:
    loose = Loose(anything=anything, sheet=sheet)
    assert packer(Loose)(loose) == encode(to_value(loose))
    assert whole(pack_fields(loose)) == to_value(loose)


def test_record_that_contains_its_own_type_is_packed() -> None:
    tree = Tree(name="root", below=(Tree(name="leaf"), Tree(name="other")))
    assert packer(Tree)(tree) == encode(to_value(tree))


WRONG: tuple[dict[str, Any], ...] = (
    {"count": -1},
    {"count": True},
    {"count": INTEGER_MAX + 1},
    {"signed": 1 << 63},
    {"flag": 1},
    {"title": "x" * 31},
    {"title": "\ud800"},
    {"title": None},
    {"data": b"x" * 301},
    {"data": "text"},
    {"owner": "nobody"},
    {"owner": 7},
    {"link": b"raw"},
    {"forms": [Dot()]},
    {"forms": (Tree(name="t"),)},
    {"forms": (Square(side=-1, a=Colour.RED, weight=0),)},
    {"best": SHEET},
    {"totals": {"a": -1}},
    {"totals": {str(n): n for n in range(5)}},
    {"totals": {7: 7}},
    {"even": 3},
    {"colour": "red"},
    {"note": 7},
)


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_value_that_is_wrong_has_the_same_error(changes: dict[str, Any]) -> None:
    wrong = replace(SHEET, **changes)
    with pytest.raises(ShapeError) as expected:
        to_value(wrong)
    for pack in (packer(Sheet), pack_fields):
        with pytest.raises(ShapeError) as caught:
            pack(wrong)
        assert str(caught.value) == str(expected.value)


def test_value_of_another_type_is_refused() -> None:
    with pytest.raises(ShapeError, match="expected Sheet, found Dot"):
        packer(Sheet)(Dot())


def test_what_is_nested_too_deeply_for_a_record_is_too_deep_for_its_field() -> None:
    deep: Any = 0
    for _ in range(DEPTH_MAX - 1):
        deep = [deep]
    pack_fields(Loose(anything=deep, sheet=None))
    for pack in (packer(Loose), pack_fields):
        with pytest.raises(CodecError, match="nested"):
            pack(Loose(anything=[deep], sheet=None))
