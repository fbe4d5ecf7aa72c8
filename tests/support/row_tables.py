"""Tables of rows for tests of the stores of actors, and moments to open turns at."""

from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from mesh.actors.actor import Instant, Now
from mesh.core.ports.tables import Table
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.did import Did
from runtime.content.shapes import Between

ANN: Final = Did("did:key:zAnn")
BEN: Final = Did("did:key:zBen")
QUOTA_BYTES: Final = 1 << 24


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Counter(Struct, frozen=True, kw_only=True):
    name: Colour
    count: int


class Thing(Struct, frozen=True, kw_only=True):
    """Of every kind that is looked up, a record, and a tuple."""

    name: str
    number: Annotated[int, Between(-100, 100)]
    colour: Colour
    at: int | None = None
    made_by: Did | None = None
    block: Cid | None = None
    is_old: bool = False
    counter: Counter = Counter(name=Colour.RED, count=0)
    parts: tuple[str, ...] = ()


class Keyword(Struct, frozen=True, kw_only=True):
    """Names that SQL takes for its own."""

    select: str
    table: int


THINGS: Final = Table(
    name="things",
    row=Thing,
    key=("name", "number"),
    indexes=(("colour", "at"), ("at",), ("block",)),
)
COUNTERS: Final = Table(name="counters", row=Counter, key=("name",))
KEYWORDS: Final = Table(name="group", row=Keyword, key=("select", "table"), indexes=(("table",),))
TABLES: Final = (THINGS, COUNTERS, KEYWORDS)


def moment(milliseconds: int = 0, boot: str = "boot-1") -> Now:
    return Now(wall=1_700_000_000, monotonic=Instant(milliseconds), boot=boot)


def block(text: str) -> tuple[Cid, bytes]:
    data = text.encode()
    return cid_of(data, Codec.RAW), data


def thing(name: str, number: int = 0, colour: Colour = Colour.RED, at: int | None = None) -> Thing:
    return Thing(name=name, number=number, colour=colour, at=at)
