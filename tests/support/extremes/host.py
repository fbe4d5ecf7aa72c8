"""The calls of `icn_host` and `ccl_test` at their extremes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from wasm_modules import CALLER

from extremes.extreme import AT, BUFFER, MIB, ROOM, Extreme, items_of, texts
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.state import Snapshot, StoredVariable
from runtime.host.policy import policies_to_value
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.policy import PermitList, Usage
from runtime.tokens.register import register_to_block

CID: Final = str(cid_of(b"a module", Codec.RAW))
OWN: Final = str(CALLER)
OTHER: Final = "did:web:" + "a" * 504
WIDE: Final = "é"
"""Two bytes that are dear to decode."""
DEEP: Final[Any] = [[[[[[[[]]]]]]]]
LINKS: Final = encode([cid_of(b"", Codec.RAW)] * 1_000)
LISTS: Final = encode([DEEP] * 7_000)
INTEGERS: Final = encode([number % 24 for number in range(50_000)])
KEYS: Final = encode({f"{number:04}": 0 for number in range(10_000)})
BROKEN: Final = INTEGERS[:-1]
VALUES: Final[Mapping[str, bytes]] = {
    "the smallest value": encode(None),
    "lists in lists": LISTS,
    "links": LINKS,
    "numbers": INTEGERS,
    "keys": KEYS,
    "cut off": BROKEN,
    "a long text": encode(WIDE * 30_000),
}


def _of_values(
    call: str, *before: str | int, after: Sequence[str] = (), **more: Any
) -> list[Extreme]:
    """The call with each of the values."""
    return [
        texts(
            call,
            label,
            *before,
            value,
            *after,
            times=300 if len(value) < 100 else 1 if value is BROKEN else 4,
            items=items_of(value),
            **more,
        )
        for label, value in VALUES.items()
    ]


def _state(count: int, *, pins: int = 0) -> dict[str, Any]:
    """A context whose caller has so many variables and pinned blocks."""
    data = encode(1)
    cid = cid_of(data, Codec.DAG_CBOR)
    blocks: dict[Cid, bytes] = {cid: data}
    for number in range(pins):
        raw = number.to_bytes(4, "big")
        blocks[cid_of(raw, Codec.RAW)] = raw
    named = {f"v{number:05}": StoredVariable(shape="Integer", value=cid) for number in range(count)}
    pinned = tuple(sorted(each for each in blocks if each != cid))
    snapshot = Snapshot(homes={"home": named} if named else {}, pins=pinned)
    blocks[snapshot.cid] = snapshot.to_block()
    return {"state_root": snapshot.cid, "blocks": blocks}


def _holders(count: int) -> dict[str, Any]:
    block = register_to_block({"shares": {f"did:x:{number:06}": 5 for number in range(count)}})
    cid = cid_of(block, Codec.DAG_CBOR)
    return {"tokens": cid, "blocks": {cid: block}}


MANY_VARIABLES: Final = _state(5_000)
MANY_PINS: Final = _state(0, pins=10_000)
MANY_HOLDERS: Final = _holders(20_000)


def _policy(rule: PermitList) -> dict[str, Any]:
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=rule)
    return policies_to_value([(policy, Usage())])


LISTED: Final = {
    "policies": {
        "compute": _policy(
            PermitList(dids=(*(CALLER[:-4] + f"{number:04}" for number in range(1_000)), CALLER)),
        )
    }
}
LONG: Final = WIDE * 500_000
REPEATED: Final = "resource_amounx"
SUBMITTED: Final = (CID, "d", "compute", 1, "low")
FIELDS: Final = {
    "wasm_cid": CID,
    "description": "d",
    "resource_type": "compute",
    "resource_amount": 1,
    "priority": "low",
}


def _manifest(label: str, **more: Any) -> Extreme:
    data = encode({**FIELDS, **more})
    inner = more.get("arguments", b"")
    items = items_of(data) + (items_of(inner) if isinstance(inner, bytes) and inner else 0)
    times = 300 if len(data) < 1_000 else 4
    return texts("host_submit_manifest", label, data, items=items, times=times)


LONG_TEXT: Final = "a" * MIB


def _job_calls() -> list[Extreme]:
    return [
        texts("host_submit_job", "", *SUBMITTED),
        texts("host_submit_job", "4 KiB said of it", CID, "d" * 4096, *SUBMITTED[2:], times=200),
        texts("host_submit_job", "a name that is nearly known", CID, "d", REPEATED, 1, "low"),
        texts("host_submit_job", "too long", CID, LONG, "compute", 1, "low", times=10),
        texts("host_submit_job", "a policy", *SUBMITTED, context=LISTED),
        _manifest("smallest"),
        _manifest("a key that is nearly known", **{REPEATED: 1}),
        _manifest("many arguments", arguments=list(range(20_000))),
        _manifest("encoded arguments", arguments=INTEGERS),
        _manifest("deep arguments", arguments=LISTS),
        _manifest("many features", requirements={"features": ["ab"] * 20_000}),
        *_of_values("host_submit_manifest"),
        texts("host_check_resource_authorization", "", "compute", 1),
        texts("host_check_resource_authorization", "nearly known", "bandwidht", 1),
        texts("host_check_resource_authorization", "a policy", "compute", 1, context=LISTED),
        texts("host_record_resource_usage", "", "compute", 1),
        texts("host_anchor_to_dag", "", "a"),
        texts("host_anchor_to_dag", "64 KiB", "a" * 65_536, times=15),
        texts("host_anchor_to_dag", "too long", LONG, times=10),
    ]


def _stream_calls() -> list[Extreme]:
    return [
        texts("host_log_message", "no text", ""),
        texts("host_log_message", "a line", "a line of a log"),
        texts("host_log_message", "a long line", LONG, times=10),
        texts("host_last_refusal", "none"),
        texts(
            "host_last_refusal",
            "a long one",
            answer=60,
            before=f"(drop (call $host_caller_has_role (i32.const {AT}) (i32.const {MIB})))",
        ),
        Extreme(
            call="host_read_input",
            label="no room",
            operands="(i32.const 0) (i32.const 0)",
            payload=bytes(MIB),
        ),
        Extreme(
            call="host_read_input",
            label="1 MiB",
            operands=f"(i32.const {AT}) (i32.const {MIB})",
            payload=bytes(MIB),
            moved=MIB,
            times=20,
        ),
        texts("host_input_cid", "", context={}),
        texts("host_write_output", "no bytes", b""),
        texts("host_write_output", "1 MiB", LONG_TEXT, times=20),
    ]


def _context_calls() -> list[Extreme]:
    return [
        texts("host_get_caller", "", answer=len(OWN)),
        texts("host_get_caller", "longest", answer=512, context={"caller": OTHER}),
        texts("host_get_current_time", ""),
        texts("host_random", ""),
        texts("host_get_context", "none", "none"),
        texts("host_get_context", "a record", "r", answer=1, context={"records": {"r": 1}}),
        *(
            texts(
                "host_get_context",
                f"a record of {label}",
                "r",
                times=2,
                once=weight,
                context={"records": {"r": record}},
            )
            for label, record, weight in (
                ("numbers", list(range(50_000)), 50_004),
                ("lists", [DEEP] * 5_000, 160_004),
                ("keys", {f"{n:05}": n for n in range(10_000)}, 20_004),
            )
        ),
        texts("host_get_token_balance", "", "compute"),
        texts("host_get_token_balance", "no such", LONG, times=20),
        texts("host_caller_has_role", "", "member"),
        texts(
            "host_caller_has_role",
            "many",
            "member",
            times=2,
            once=50_000 - 256,
            context={"records": {"roles": [f"role {n}" for n in range(50_000)]}},
        ),
        texts("host_caller_has_role", "a long one", LONG, times=10),
        texts("host_get_reputation", ""),
    ]


def _state_calls() -> list[Extreme]:
    return [
        texts("host_read_state", "none", "home", "v"),
        texts("host_read_state", "there", "home", "v00001", answer=1, context=_state(3)),
        texts(
            "host_read_state", "many variables", "home", "v00001", times=2, context=MANY_VARIABLES
        ),
        texts("host_read_state", "long names", LONG, LONG, times=10),
        texts("host_state_shape", "there", "home", "v00001", answer=7, context=_state(3)),
        texts("host_state_difference", "none", "home", "v: Shape"),
        texts("host_state_difference", "few", "home", "v: Shape", context=_state(3)),
        texts("host_state_difference", "wide", LONG, LONG, times=10),
        texts(
            "host_state_difference",
            "many variables",
            "home",
            "v: Shape",
            times=2,
            items=5_000 - 256,
            context=MANY_VARIABLES,
        ),
        texts("host_declare_state", "none", "home", "v: Shape"),
        texts("host_declare_state", "wide", LONG, LONG, times=10),
        texts(
            "host_declare_state",
            "many variables",
            "home",
            "v: Shape",
            times=1,
            once=5_000 - 256,
            context=MANY_VARIABLES,
        ),
        texts("host_read_contract", "none", "home"),
        texts("host_read_contract", "few", "home", items=17, context=_state(3)),
        texts("host_read_contract", "many", "home", times=2, items=25_000, context=MANY_VARIABLES),
        *_of_values("host_write_state", "home", "v", "Shape"),
        *_of_values("host_emit", "name", after=("",)),
    ]


def _token_calls() -> list[Extreme]:
    return [
        texts("host_mint_tokens", "", "shares", 1, OWN),
        texts(
            "host_mint_tokens", "many holders", "shares", 1, OWN, times=100, context=MANY_HOLDERS
        ),
        texts("host_mint_tokens", "no holder", "shares", 1, LONG, times=10),
        texts("host_burn_tokens", "none held", "shares", 1, OWN),
        texts("host_burn_tokens", "", "shares", 1, "did:x:000001", context=_holders(3)),
        texts(
            "host_transfer_tokens",
            "",
            "shares",
            "did:x:000001",
            OWN,
            1,
            context=_holders(3),
            times=5,
        ),
        texts("host_transfer_tokens", "own units", "compute", OWN, OTHER, 1),
        texts("host_transfer_tokens", "a long class", LONG, OWN, OTHER, 1, times=10),
        texts("host_token_balance", "", "shares", "did:x:000001", context=_holders(3)),
        texts("host_token_holders", "", "shares", answer=43, items=3, context=_holders(3)),
        texts(
            "host_token_holders",
            "many holders",
            "shares",
            times=2,
            items=20_000,
            context=MANY_HOLDERS,
        ),
        texts("host_token_balance", "long names", LONG, LONG, times=10),
    ]


def _block_calls() -> list[Extreme]:
    return [
        texts("host_calculate_cid", "no bytes", b""),
        texts("host_calculate_cid", "1 MiB", LONG_TEXT, times=20),
        texts("host_dag_put", "the same", b"a"),
        Extreme(
            call="host_dag_put",
            label="others",
            operands=f"(i32.const {AT}) (i32.add (i32.const 4096) (local.get $i)) "
            f"(i32.const {BUFFER}) (i32.const {ROOM})",
            payload=bytes(8_192),
            moved=4_096,
        ),
        texts("host_dag_put", "64 KiB", "a" * 65_536, times=20),
        texts("host_dag_get", "none", CID),
        texts("host_dag_get", "among many", CID, context=MANY_PINS),
        texts("host_dag_get", "no CID", "z" * 128),
        texts("host_dag_get", "a long text", LONG, times=10),
        texts("host_dag_pin", "none", CID),
        texts("host_dag_pin", "pinned", str(cid_of(bytes(4), Codec.RAW)), context=MANY_PINS),
        texts("host_dag_unpin", "none", CID),
    ]


def _charter_calls() -> list[Extreme]:
    return [
        *_of_values("host_begin_section", "kind", then="(call $host_end_section)"),
        *_of_values("host_set_property", "key"),
        Extreme(
            call="host_end_section",
            label="",
            times=30,
            before=(
                f"(call $host_begin_section (i32.const {AT}) (i32.const 0) (i32.const {AT})"
                " (i32.const 1))"
            )
            * 30,
            payload=encode(None),
        ),
        texts("host_leave_undecided", "", "a > b", "a", "f:1:1"),
        texts("host_leave_undecided", "long", "a" * MIB, "a", "f:1:1", times=5),
    ]


def host_extremes() -> list[Extreme]:
    return [
        *_job_calls(),
        *_stream_calls(),
        *_context_calls(),
        *_state_calls(),
        *_token_calls(),
        *_block_calls(),
        *_charter_calls(),
    ]
