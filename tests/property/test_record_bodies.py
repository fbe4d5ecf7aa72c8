"""Every body that a record's fields allow is signed and read alike; what they do not is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from record_bodies import CIDS, bodies
from signers import MESH, key

from mesh.core.records.membership import Genesis
from mesh.core.records.registry import RECORDS, read, sign
from runtime.content.codec import INTEGER_MAX, decode, encode
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value
from runtime.identity.signed import ENVELOPE, RecordError, RecordFault, Signed

SIGNER = key("signer")
every = pytest.mark.parametrize("kind", RECORDS.values(), ids=RECORDS.keys())

OTHERS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), INTEGER_MAX),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.text(min_size=4_097, max_size=4_100, alphabet="a"),
    st.binary(max_size=40),
    CIDS,
    st.lists(st.integers(0, 9), max_size=3),
    st.dictionaries(st.sampled_from(["kind", "a", "rules"]), st.integers(0, 9), max_size=2),
)
UNWRITABLE: st.SearchStrategy[Any] = OTHERS | st.sampled_from(
    [-1, 1 << 63, "\ud800", 1.5, object(), (None,), frozenset()]
)


def mesh_of(kind: type[Struct]) -> Any:
    return None if kind is Genesis else MESH


def signed(body: Any) -> Signed[Any]:
    return sign(body, mesh=mesh_of(type(body)), key=SIGNER)


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each value within another one."""
    match value:
        case dict():
            steps: Any = list(value)
        case list():
            steps = range(len(value))
        case _:
            return
    for step in steps:
        yield (step,)
        yield from ((step, *rest) for rest in places(value[step]))


def value_at(value: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        value = value[step]
    return value


def changed(value: Any, place: tuple[Any, ...], to: Any) -> Any:
    if not place:
        return to
    step, *rest = place
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[step] = changed(value[step], tuple(rest), to)
    return copied


@every
@examples(15)
@given(st.data())
def test_body_is_read_as_it_was_signed(kind: type[Struct], data: st.DataObject) -> None:
    body = data.draw(bodies(kind))
    record = signed(body)
    assert read(record.block, None) == record
    assert encode(decode(record.block)) == record.block
    fields = {name: each for name, each in decode(record.block).items() if name not in ENVELOPE}
    assert fields == to_value(body)


@every
@examples(25)
@given(st.data())
def test_signed_value_that_is_none_of_its_type_is_refused(
    kind: type[Struct], data: st.DataObject
) -> None:
    """One value anywhere in a record is another, and the signature is right: it is read as what it
    says, or refused for its shape."""
    value = decode(signed(data.draw(bodies(kind))).block)
    del value["sig"]
    inside = {name: each for name, each in value.items() if name not in ENVELOPE}
    place = data.draw(st.sampled_from(list(places(inside))))
    is_number = type(found := value_at(inside, place)) is int
    likely = st.integers(0, 70) | st.integers(found - 2, found + 2) if is_number else OTHERS
    value = changed(value, place, data.draw(likely | OTHERS))
    message = b"icn-mesh/1\0" + kind.__name__.encode() + b"\0" + encode(value)
    block = encode({**value, "sig": SIGNER.sign(message)})
    try:
        found = read(block, None)
    except RecordError as error:
        assert error.fault is RecordFault.WRONG_SHAPE, error
    else:
        assert signed(found.body).block == block


@every
@examples(15)
@given(st.data())
def test_changed_bytes_are_refused(kind: type[Struct], data: st.DataObject) -> None:
    block = signed(data.draw(bodies(kind))).block
    at = data.draw(st.integers(0, len(block)))
    gone = data.draw(st.integers(0, 4))
    other = block[:at] + data.draw(st.binary(max_size=4)) + block[at + gone :]
    if other != block:
        with pytest.raises(RecordError):
            read(other, None)


@every
@examples(15)
@given(st.data())
def test_body_out_of_its_ranges_is_not_signed(kind: type[Struct], data: st.DataObject) -> None:
    """A field that no annotation allows: signing says so, or gives a record that is read."""
    body = data.draw(bodies(kind))
    name = data.draw(st.sampled_from(kind.__struct_fields__))
    fields = {each: getattr(body, each) for each in kind.__struct_fields__}
    fields[name] = data.draw(UNWRITABLE)
    try:
        record = signed(kind(**fields))
    except (ShapeError, ValueError, TypeError, AttributeError) as error:
        assert isinstance(error, ShapeError) or "__post_init__" in _frames(error)
    else:
        assert read(record.block, None) == record


def _frames(error: BaseException) -> list[str]:
    """The functions that an error came through."""
    found, trace = [], error.__traceback__
    while trace is not None:
        found.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return found
