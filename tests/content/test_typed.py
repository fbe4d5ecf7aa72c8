"""The typed codec: values of each annotation, and the place of each refusal."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, TypeAlias

import pytest
from msgspec import Struct

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX, INTEGER_MIN
from runtime.content.did import Did
from runtime.content.shapes import Between, Checked, Omitted, ShapeError, Size
from runtime.content.typed import from_value, to_value, union_from_value, union_to_value

LINK = cid_of(b"block", Codec.RAW)
DID = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Circle(Struct, frozen=True, kw_only=True):
    radius: int


class Square(Struct, frozen=True, kw_only=True):
    side: int
    colour: Colour


Shape: TypeAlias = Circle | Square


class Sheet(Struct, frozen=True, kw_only=True):
    count: int
    signed: Annotated[int, Between(-5, 5)]
    flag: bool
    title: Annotated[str, Size(1, 5)]
    data: Annotated[bytes, Size(0, 3)]
    owner: Did
    link: Cid | None
    shapes: Annotated[tuple[Shape, ...], Size(0, 2)]
    best: Shape | None
    totals: Annotated[Mapping[str, int], Size(0, 2)]
    even: Annotated[int, Checked(lambda n: n % 2 == 0, "an even number")]
    anything: Any

    def __post_init__(self) -> None:
        if self.count > 100 and not self.flag:
            raise ValueError("a large count needs the flag")


SHEET = Sheet(
    count=7,
    signed=-5,
    flag=True,
    title="été",
    data=b"abc",
    owner=Did(DID),
    link=LINK,
    shapes=(Circle(radius=1), Square(side=2, colour=Colour.BLUE)),
    best=None,
    totals={"a": 1},
    even=4,
    anything=[None, {"x": LINK}],
)
VALUE = to_value(SHEET)


def test_record_round_trips() -> None:
    assert VALUE["shapes"] == [
        {"kind": "Circle", "radius": 1},
        {"kind": "Square", "side": 2, "colour": "blue"},
    ]
    assert VALUE["link"] is LINK and VALUE["best"] is None
    assert from_value(Sheet, VALUE) == SHEET


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": -1}, "count: -1 is not between 0 and"),
        ({"count": INTEGER_MAX + 1}, "count: 9223372036854775808 is not between"),
        ({"count": True}, "count: expected an integer, found bool"),
        ({"count": 1.0}, "count: expected an integer, found float"),
        ({"count": None}, "count: expected an integer, found NoneType"),
        ({"signed": 6}, "signed: 6 is not between -5 and 5"),
        ({"signed": INTEGER_MIN}, "is not between -5 and 5"),
        ({"flag": 1}, "flag: expected true or false, found int"),
        ({"title": ""}, "title: 0 bytes, expected 1 to 5"),
        ({"title": "étés"}, "title: 6 bytes, expected 1 to 5"),
        ({"title": b"abc"}, "title: expected a text, found bytes"),
        ({"title": "\ud800"}, "title: a text with half a surrogate pair"),
        ({"data": b"abcd"}, "data: 4 bytes, expected 0 to 3"),
        ({"data": "abc"}, "data: expected bytes, found str"),
        ({"owner": "did:"}, "owner: a DID has three parts"),
        ({"owner": 3}, "owner: expected a DID, found int"),
        ({"link": "text"}, "link: expected a link, found str"),
        ({"shapes": ({"kind": "Circle", "radius": 1},)}, "shapes: expected a list, found tuple"),
        ({"shapes": [{"kind": "Circle", "radius": -1}]}, "shapes[0].radius: -1 is not between"),
        ({"shapes": [{"kind": "Star"}]}, "shapes[0].kind: expected one of Circle, Square"),
        ({"shapes": [{"radius": 1}]}, "shapes[0].kind: expected one of"),
        ({"shapes": [{"kind": "Circle"}]}, "shapes[0]: missing radius"),
        ({"shapes": [7]}, "shapes[0]: expected a map, found int"),
        ({"shapes": [{"kind": "Circle", "radius": 1}] * 3}, "shapes: 3 items, expected 0 to 2"),
        (
            {"best": {"kind": "Square", "side": 1, "colour": "green"}},
            "best.colour: expected one of red, blue, found 'green'",
        ),
        ({"best": {"kind": ["Circle"], "radius": 1}}, "best.kind: expected one of"),
        ({"totals": {"a": "b"}}, "totals.a: expected an integer, found str"),
        ({"totals": {"a": 1, "b": 1, "c": 1}}, "totals: 3 items, expected 0 to 2"),
        ({"totals": [1]}, "totals: expected a map, found list"),
        ({"even": 3}, "even: expected an even number"),
        ({"count": 101, "flag": False}, "a large count needs the flag"),
        ({"extra": 1}, "unknown extra"),
    ],
)
def test_each_refusal_names_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError) as raised:
        from_value(Sheet, {**VALUE, **changes})
    assert message in str(raised.value)


@pytest.mark.parametrize("name", sorted(VALUE))
def test_missing_field_is_refused(name: str) -> None:
    value = {key: each for key, each in VALUE.items() if key != name}
    with pytest.raises(ShapeError, match=f"^missing {name}$"):
        from_value(Sheet, value)


@pytest.mark.parametrize("value", [None, [], 3, "text", [VALUE]])
def test_record_is_a_map(value: Any) -> None:
    with pytest.raises(ShapeError, match="expected a map"):
        from_value(Sheet, value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": -1}, "count: -1"),
        ({"shapes": [Circle(radius=1)]}, "shapes: expected a list, found list"),
        ({"shapes": (Colour.RED,)}, "shapes[0]: expected one of Circle, Square, found Colour"),
        ({"best": Square(side=1, colour="red")}, "best.colour: expected one of red, blue"),  # type: ignore[arg-type]
        ({"even": 3}, "even: expected an even number"),
    ],
)
def test_writing_checks_as_reading_does(changes: dict[str, Any], message: str) -> None:
    fields = {name: getattr(SHEET, name) for name in Sheet.__slots__}
    with pytest.raises(ShapeError) as raised:
        to_value(Sheet(**{**fields, **changes}))
    assert message in str(raised.value)


def test_union_alone_has_its_kind() -> None:
    value = union_to_value(Shape, Circle(radius=3))
    assert value == {"kind": "Circle", "radius": 3}
    assert union_from_value(Shape, value) == Circle(radius=3)
    with pytest.raises(ShapeError, match="expected one of Circle, Square, found Sheet"):
        union_to_value(Shape, SHEET)


class Grown(Struct, frozen=True, kw_only=True):
    old: int
    new: Annotated[int, Omitted(), Between(0, 9)] = 3


def test_field_that_was_added_is_left_out_where_it_has_its_default() -> None:
    assert to_value(Grown(old=1)) == {"old": 1}
    assert from_value(Grown, {"old": 1}) == Grown(old=1)
    assert to_value(Grown(old=1, new=4)) == {"old": 1, "new": 4}
    assert from_value(Grown, {"old": 1, "new": 4}) == Grown(old=1, new=4)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"old": 1, "new": 3}, "new: is written though it is the default"),
        ({"old": 1, "new": 10}, "new: 10 is not between 0 and 9"),
        ({"new": 4}, "missing old"),
        ({"old": 1, "other": 1}, "unknown other"),
    ],
)
def test_field_that_was_added_has_one_encoding(value: dict[str, int], reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        from_value(Grown, value)
