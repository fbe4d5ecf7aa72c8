"""Effects carried out over a store: all or nothing, nothing made or lost, one root at a time."""

from functools import partial

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import key

from mesh.adapters.memory import MemoryStore
from mesh.core.ids import run_effect_id
from mesh.effects import NEEDS_SUBMITTER, STATE_MOVED, EffectsDone, Standing, carry_out
from mesh.ports import Transaction
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.effects import (
    AnchorData,
    BurnTokens,
    Effect,
    EmitEvent,
    MintTokens,
    PutBlock,
    SubmitJob,
    TransferTokens,
    UnpinBlock,
    WriteState,
)
from runtime.execution.state import EMPTY, Snapshot, advanced

OWNER, ISSUER = key("owner").did, key("issuer").did
HOLDERS = st.sampled_from([OWNER, key("ada").did, key("ben").did])
CLASSES = st.sampled_from(["hour", "share"])
AMOUNTS = st.integers(1, 9)
BLOCKS = st.sampled_from([cid_of(bytes([n]), Codec.RAW) for n in range(3)])
NAMES = st.sampled_from(["a", "b"])

EFFECTS: st.SearchStrategy[Effect] = st.one_of(
    st.builds(WriteState, home=NAMES, variable=NAMES, shape=NAMES, value=BLOCKS),
    st.builds(EmitEvent, name=NAMES, data=st.just(b"\xf6"), article=st.just("")),
    st.builds(MintTokens, token_class=CLASSES, amount=AMOUNTS, to=HOLDERS),
    st.builds(BurnTokens, token_class=CLASSES, amount=AMOUNTS, holder=HOLDERS),
    st.builds(TransferTokens, token_class=CLASSES, amount=AMOUNTS, holder=HOLDERS, to=HOLDERS),
    st.builds(PutBlock, cid=BLOCKS),
    st.builds(UnpinBlock, cid=BLOCKS),
    st.builds(AnchorData, data=NAMES),
    st.builds(
        SubmitJob,
        wasm_cid=BLOCKS,
        description=NAMES,
        resource_type=st.just("compute"),
        resource_amount=AMOUNTS,
        priority=st.just("low"),
    ),
)


def holdings(tx: Transaction) -> dict[tuple[str, str], int]:
    """By class and holder, as the ledger's register has it."""
    return {
        (name, holder): units
        for name, holders in tx.ledger.register(OWNER).items()
        for holder, units in holders.items()
    }


def wanted(
    before: dict[tuple[str, str], int], effects: tuple[Effect, ...]
) -> dict[tuple[str, str], int] | None:
    """What the effects make of holdings; None if somebody would owe, or pays itself."""
    held = dict(before)
    for effect in effects:
        match effect:
            case MintTokens():
                moves = [(effect.to, effect.amount)]
            case BurnTokens():
                moves = [(effect.holder, -effect.amount)]
            case TransferTokens():
                if effect.holder == effect.to:
                    return None
                moves = [(effect.holder, -effect.amount), (effect.to, effect.amount)]
            case _:
                continue
        for holder, change in moves:
            place = (effect.token_class, holder)
            held[place] = held.get(place, 0) + change
            if held[place] < 0:
                return None
    return {place: units for place, units in held.items() if units}


def carry(
    tx: Transaction, effects: tuple[Effect, ...], snapshot: Snapshot, ran_on: Cid | None, run: int
) -> EffectsDone:
    standing = Standing(
        owner=OWNER,
        issuer=ISSUER,
        root=tx.state.root(OWNER),
        snapshot=snapshot,
        ledger=tx.ledger,
    )
    ids = partial(run_effect_id, run.to_bytes(16, "big"))
    done = carry_out(effects, ran_on=ran_on, standing=standing, ids=ids, now=0)
    for change in done.changes:
        tx.ledger.apply(change)
    if done.root is not None:
        assert tx.state.advance(OWNER, standing.root, done.root)
    return done


RUNS = st.lists(st.tuples(st.lists(EFFECTS, max_size=8), st.booleans()), max_size=8)


@examples(100)
@given(RUNS)
def test_runs_one_after_the_other(runs: list[tuple[list[Effect], bool]]) -> None:
    """Each run saw the state that is stored, or (stale) the one before it."""
    with MemoryStore().write() as tx:
        snapshot, before = EMPTY, None
        for run, (listed, is_stale) in enumerate(runs):
            effects, root, held = tuple(listed), tx.state.root(OWNER), holdings(tx)
            ran_on = before if is_stale else root
            done = carry(tx, effects, snapshot, ran_on, run)
            positions = sorted(each.position for each in (*done.applied, *done.pending))
            assert positions == list(range(len(effects)))
            after = wanted(held, effects)
            if ran_on != root or after is None:
                assert done.applied == () and done.blocks == () and done.root is None
                assert holdings(tx) == held and tx.state.root(OWNER) == root
                moved = {each.reason for each in done.pending} == {STATE_MOVED}
                assert not effects or moved == (ran_on != root)
            else:
                for each in done.pending:
                    assert isinstance(effects[each.position], SubmitJob)
                    assert each.reason == NEEDS_SUBMITTER
                assert holdings(tx) == after
                following = advanced(snapshot, effects)
                assert tx.state.root(OWNER) == (root if following == snapshot else following.cid)
                if following != snapshot:
                    before, snapshot = root, following
            assert sum(each.balance for each in tx.ledger.accounts()) == 0
