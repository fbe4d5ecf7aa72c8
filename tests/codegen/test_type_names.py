"""Types of one name in `ccl:abi`."""

from ccl.ir.type_names import TypeNames
from ccl.ir.types import Array, Enumeration, Instance, Map, Option, Prim, Result, Struct

CARD = Struct("Card", "Card")
OTHER = Struct("Club::Card", "Card")
LIBRARY = Enumeration("std/proposals.Vote", "Vote")
OWN = Enumeration("Vote", "Vote")


def boxed(kind: Struct) -> Struct:
    return Struct(f"Box<{kind.id}>", f"Box<{kind.name}>", Instance("Box", "Box", (kind,)))


def test_unambiguous_types_have_short_names() -> None:
    names = TypeNames([OTHER, LIBRARY, boxed(OTHER)])
    assert names(Map(Prim.DID, LIBRARY)) == "Map<Did, Vote>"
    assert names(Array(boxed(OTHER))) == "Array<Box<Card>>"


def test_types_of_one_name_are_qualified() -> None:
    names = TypeNames([CARD, OTHER, LIBRARY, OWN, boxed(OTHER), boxed(CARD)])
    assert names(Result(CARD, Prim.STRING)) == "Result<Card, String>"
    assert names(Option(boxed(OTHER))) == "Option<Box<Club.Card>>"
    assert names(boxed(CARD)) == "Box<Card>"
    assert (names(LIBRARY), names(OWN)) == ("std.proposals.Vote", "Vote")
