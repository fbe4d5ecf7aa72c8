"""The blocks of an execution: nothing is fetched twice, nothing is forgotten."""

from collections.abc import Iterable, Mapping

from attempt_world import World, result
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mesh.core.unixfs import read_file
from mesh.core.verification.inputs import (
    BYTES_ASSUMED,
    Inputs,
    held_by_executor,
    inputs_of,
    missing_bytes,
)
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.effects import EmitEvent, PutBlock, WriteState, effects_to_block
from runtime.execution.state import Snapshot, StoredVariable


class Held:
    """Blocks in a dictionary; counts how many were loaded."""

    def __init__(self, blocks: Mapping[Cid, bytes]) -> None:
        self.blocks = dict(blocks)

    def get(self, cid: Cid) -> bytes | None:
        return self.blocks.get(cid)

    def has(self, cid: Cid) -> bool:
        return cid in self.blocks

    def size(self, cid: Cid) -> int | None:
        data = self.blocks.get(cid)
        return None if data is None else len(data)


def _named(*blocks: bytes, codec: Codec = Codec.RAW) -> dict[Cid, bytes]:
    return {cid_of(each, codec): each for each in blocks}


def _field(number: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def _node(links: Iterable[Cid], data: bytes = b"") -> bytes:
    """A dag-pb node of a UnixFS file: links, then the content."""
    content = b"\x08\x02" + (_field(2, data) if data else b"")
    return b"".join(_field(2, _field(1, bytes(link))) for link in links) + _field(1, content)


PIECES = _named(b"first ", b"second ", b"third")
BRANCH = _node(list(PIECES)[1:])
BRANCH_CID = cid_of(BRANCH, Codec.DAG_PB)
ROOT = _node([next(iter(PIECES)), BRANCH_CID])
ROOT_CID = cid_of(ROOT, Codec.DAG_PB)
FILE = {ROOT_CID: ROOT, BRANCH_CID: BRANCH, **PIECES}

VALUES = _named(encode("one"), encode([2]), codec=Codec.DAG_CBOR)
PINS = _named(b"pinned")
STATE = Snapshot(
    homes={
        "home": {
            name: StoredVariable(shape="String", value=cid)
            for name, cid in zip("ab", VALUES, strict=True)
        }
    },
    pins=tuple(PINS),
)
REGISTER = encode({"holders": {}})
REGISTER_CID = cid_of(REGISTER, Codec.DAG_CBOR)
WORLD = World()
MANIFEST = WORLD.manifest(module=ROOT_CID)
CONTEXT = replace(
    WORLD.attempt(WORLD.bid(MANIFEST), MANIFEST).context,
    state_root=STATE.cid,
    tokens=REGISTER_CID,
)
INPUT = _named(b"input")
(INPUT_CID,) = INPUT
EVERYTHING: dict[Cid, bytes] = {
    **FILE,
    **INPUT,
    CONTEXT.cid: CONTEXT.to_block(),
    REGISTER_CID: REGISTER,
    STATE.cid: STATE.to_block(),
    **VALUES,
    **PINS,
}


def _inputs(blocks: Mapping[Cid, bytes]) -> Inputs:
    return inputs_of(Held(blocks), ROOT_CID, CONTEXT.cid, INPUT_CID)


def test_everything_that_an_execution_takes_is_named() -> None:
    found = _inputs(EVERYTHING)
    assert set(found.held) == set(EVERYTHING) and found.are_complete
    assert len(found.held) == len(set(found.held))
    assert read_file(ROOT_CID, EVERYTHING.get) == b"first second third"


def test_without_a_context_only_module_and_input_are_known() -> None:
    found = inputs_of(Held({}), ROOT_CID, None, INPUT_CID)
    assert found.lacking == (ROOT_CID, INPUT_CID)
    assert missing_bytes(Held({}), ROOT_CID, INPUT_CID) == 2 * BYTES_ASSUMED
    assert missing_bytes(Held(EVERYTHING), ROOT_CID, INPUT_CID) == 0


@examples(100)
@given(st.sets(st.sampled_from(sorted(EVERYTHING))))
def test_fetching_what_is_lacking_comes_to_an_end_with_everything(held: set[Cid]) -> None:
    blocks = {cid: EVERYTHING[cid] for cid in held}
    rounds = 0
    while (found := _inputs(blocks)).lacking:
        assert not set(found.lacking) & set(blocks), "nothing is fetched twice"
        assert set(found.lacking) <= set(EVERYTHING), "nothing is fetched in vain"
        blocks |= {cid: EVERYTHING[cid] for cid in found.lacking}
        rounds += 1
        assert rounds <= 4
    assert blocks == EVERYTHING and found.are_complete


@examples(60)
@given(st.sampled_from(sorted(EVERYTHING)))
def test_each_block_that_is_not_here_makes_it_incomplete(without: Cid) -> None:
    blocks = {cid: data for cid, data in EVERYTHING.items() if cid != without}
    found = _inputs(blocks)
    assert without in found.lacking and not found.are_complete


def test_malformed_blocks_are_named() -> None:
    for cid, noun in ((ROOT_CID, "file"), (CONTEXT.cid, "context"), (STATE.cid, "state")):
        found = _inputs(EVERYTHING | {cid: b"\x07junk"})
        assert found.malformed is not None and noun in found.malformed
        assert not found.are_complete


def test_executor_serves_what_came_out_too() -> None:
    output, stored, put = b"output", encode("value"), b"put"
    effects = effects_to_block(
        [
            WriteState(
                home="home",
                variable="a",
                shape="String",
                value=cid_of(stored, Codec.DAG_CBOR),
            ),
            PutBlock(cid=cid_of(put, Codec.RAW)),
            EmitEvent(name="event", data=b"", article=""),
        ]
    )
    logs = encode(["line"])
    outcome = {
        **_named(output, put),
        **_named(stored, effects, logs, codec=Codec.DAG_CBOR),
    }
    done = replace(
        result(),
        output=cid_of(output, Codec.RAW),
        effects=cid_of(effects, Codec.DAG_CBOR),
        logs=cid_of(logs, Codec.DAG_CBOR),
    )
    held = Held(EVERYTHING | outcome)
    found = held_by_executor(held, ROOT_CID, CONTEXT.cid, INPUT_CID, done)
    assert set(found.held) == set(EVERYTHING) | set(outcome) and found.are_complete
    for cid in outcome:
        rest = {each: data for each, data in held.blocks.items() if each != cid}
        lacking = held_by_executor(Held(rest), ROOT_CID, CONTEXT.cid, INPUT_CID, done).lacking
        assert cid in lacking
