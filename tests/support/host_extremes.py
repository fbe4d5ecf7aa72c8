"""Host calls at their extremes: the smallest, the largest, those with the most items.

Each is one call in a loop. `moved` and `items` are what its row in `ccl.abi.fuel` counts; the
suite asserts that so much is charged, `make bench` that it pays for the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wasm_modules import CALLER

from ccl.abi.fuel import PRICES, WASI_PRICES
from ccl.abi.hostcalls import Answer
from ccl.abi.testcalls import ALL_CALLS, TEST_RECORD, import_module
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.content.heads import weighed_items
from runtime.host.policy import policy_to_value
from runtime.host.wasi import WASI_FUNCTIONS, WASI_MODULE
from runtime.state import Snapshot, StoredVariable
from runtime.tokens.policy import PermitList, Usage
from runtime.tokens.register import register_to_block

AT: Final = 65_536
"""Where the payload lies, the input of the execution."""
BUFFER: Final = 16
ROOM: Final = 32_768
"""An answer's buffer ends before the payload."""
MIB: Final = 1 << 20


HELPING: Final = (
    "host_read_input",
    "host_begin_section",
    "host_end_section",
    "host_caller_has_role",
)
"""Calls that `before` and `then` may make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """operands: of the call, as WebAssembly text. context: changes of `wasm_modules.context`.

    once: items that are charged with the first call alone. before: run once, before the loop;
    then: after each call.
    """

    call: str
    label: str
    operands: str = ""
    payload: bytes = b""
    moved: int = 0
    items: int = 0
    once: int = 0
    times: int = 1_000
    before: str = ""
    then: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.call}, {self.label}" if self.label else self.call

    @property
    def least_fuel(self) -> int:
        """What `times` calls cost at least, by the table."""
        price = PRICES[self.call]
        each = price.call + price.byte * self.moved + price.item * self.items
        return self.times * each + price.item * self.once

    def module(self, times: int) -> str:
        """`run` makes the call so many times."""
        dropped = "" if _result(self.call) is None else "(drop "
        call = f"{dropped}(call ${self.call} {self.operands})" + (")" if dropped else "")
        return f"""(module {_imports(self.call)}
          (memory (export "memory") {2 + len(self.payload) // 65_536 + 1})
          (func (export "{"_start" if self.call in WASI_FUNCTIONS else "run"}") (local $i i32)
            (drop (call $host_read_input (i32.const {AT}) (i32.const {len(self.payload)})))
            {self.before}
            (block $end (loop $more
              (br_if $end (i32.ge_u (local.get $i) (i32.const {times})))
              {call} {self.then}
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $more)))))"""


def _result(name: str) -> str | None:
    if name in WASI_FUNCTIONS:
        return "i32" if WASI_FUNCTIONS[name].returns_errno else None
    return ALL_CALLS[name].wasm_result


def _imports(name: str) -> str:
    wanted = dict.fromkeys((*HELPING, name))
    return "\n".join(map(_import, wanted))


def _import(name: str) -> str:
    if name in WASI_FUNCTIONS:
        module, parameters = WASI_MODULE, WASI_FUNCTIONS[name].parameters
    else:
        module, parameters = import_module(ALL_CALLS[name]), ALL_CALLS[name].wasm_parameters
    result = _result(name)
    shape = "".join(f" (param {kind})" for kind in parameters)
    shape += f" (result {result})" if result else ""
    return f'(import "{module}" "{name}" (func ${name}{shape}))'


def _texts(call: str, label: str, *texts: bytes | str | int, **more: Any) -> Extreme:
    """A call with these parameters, and no answer's buffer that it would fill."""
    operands, payload = [], b""
    moved = more.pop("answer", 0)
    for text in texts:
        if isinstance(text, int):
            operands.append(f"(i64.const {text})")
            continue
        raw = text.encode() if isinstance(text, str) else text
        operands.append(f"(i32.const {AT + len(payload)}) (i32.const {len(raw)})")
        payload += raw
        moved += len(raw)
    if call in ALL_CALLS and ALL_CALLS[call].answer is Answer.BUFFER:
        operands.append(f"(i32.const {BUFFER}) (i32.const {ROOM})")
    return Extreme(
        call=call, label=label, operands=" ".join(operands), payload=payload, moved=moved, **more
    )


def _numbers(call: str, label: str, *numbers: int, **more: Any) -> Extreme:
    """A WASI call with these operands."""
    kinds = WASI_FUNCTIONS[call].parameters
    operands = " ".join(
        f"({kind}.const {number})" for kind, number in zip(kinds, numbers, strict=True)
    )
    return Extreme(call=call, label=label, operands=operands, **more)


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


def _items(value: bytes) -> int:
    return weighed_items(value, items_max=1 << 40)


def _of_values(
    call: str, *before: str | int, after: Sequence[str] = (), **more: Any
) -> list[Extreme]:
    """The call with each of the values."""
    return [
        _texts(
            call,
            label,
            *before,
            value,
            *after,
            times=300 if len(value) < 100 else 1 if value is BROKEN else 4,
            items=_items(value),
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
LISTED: Final = {
    "policies": {
        "compute": policy_to_value(
            PermitList(dids=(*(CALLER[:-4] + f"{number:04}" for number in range(1_000)), CALLER)),
            Usage(),
        )
    }
}
TEST: Final = {"records": {TEST_RECORD: {"enter": 0}}}
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
    items = _items(data) + (_items(inner) if isinstance(inner, bytes) and inner else 0)
    times = 300 if len(data) < 1_000 else 4
    return _texts("host_submit_manifest", label, data, items=items, times=times)


def _buffers(call: str, fd: int, count: int, length: int, label: str, **more: Any) -> Extreme:
    """`count` buffers, each of the whole payload."""
    fill = f"""(local.set $i (i32.const 0)) (loop $l
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 8)))
        (i32.const {AT}))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get $i) (i32.const 8)))
        (i32.const {length}))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const {count})))) (local.set $i (i32.const 0))"""
    return _numbers(call, label, fd, 1024, count, 16, before=fill if count else "", **more)


def _clocks(count: int) -> Extreme:
    return _numbers(
        "poll_oneoff",
        f"{count} clocks",
        AT,
        AT,
        count,
        16,
        payload=bytes(48 * count),
        moved=80 * count + 4,
        items=count,
        times=max(2_000 // count, 1),
    )


LONG_TEXT: Final = "a" * MIB


def _host_extremes() -> list[Extreme]:
    long, wide = LONG_TEXT, LONG
    return [
        _texts("host_submit_job", "", *SUBMITTED),
        _texts("host_submit_job", "4 KiB said of it", CID, "d" * 4096, *SUBMITTED[2:], times=200),
        _texts("host_submit_job", "a name that is nearly known", CID, "d", REPEATED, 1, "low"),
        _texts("host_submit_job", "too long", CID, wide, "compute", 1, "low", times=10),
        _texts("host_submit_job", "a policy", *SUBMITTED, context=LISTED),
        _manifest("smallest"),
        _manifest("a key that is nearly known", **{REPEATED: 1}),
        _manifest("many arguments", arguments=list(range(20_000))),
        _manifest("encoded arguments", arguments=INTEGERS),
        _manifest("deep arguments", arguments=LISTS),
        _manifest("many features", requirements={"features": ["ab"] * 20_000}),
        *_of_values("host_submit_manifest"),
        _texts("host_check_resource_authorization", "", "compute", 1),
        _texts("host_check_resource_authorization", "nearly known", "bandwidht", 1),
        _texts("host_check_resource_authorization", "a policy", "compute", 1, context=LISTED),
        _texts("host_record_resource_usage", "", "compute", 1),
        _texts("host_anchor_to_dag", "", "a"),
        _texts("host_anchor_to_dag", "64 KiB", "a" * 65_536, times=15),
        _texts("host_anchor_to_dag", "too long", wide, times=10),
        _texts("host_log_message", "no text", ""),
        _texts("host_log_message", "a line", "a line of a log"),
        _texts("host_log_message", "a long line", wide, times=10),
        _texts("host_last_refusal", "none"),
        _texts(
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
        _texts("host_input_cid", "", context={}),
        _texts("host_write_output", "no bytes", b""),
        _texts("host_write_output", "1 MiB", long, times=20),
        _texts("host_get_caller", "", answer=len(OWN)),
        _texts("host_get_caller", "longest", answer=512, context={"caller": OTHER}),
        _texts("host_get_current_time", ""),
        _texts("host_random", ""),
        _texts("host_get_context", "none", "none"),
        _texts("host_get_context", "a record", "r", answer=1, context={"records": {"r": 1}}),
        *(
            _texts(
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
        _texts("host_get_token_balance", "", "compute"),
        _texts("host_get_token_balance", "no such", wide, times=20),
        _texts("host_caller_has_role", "", "member"),
        _texts(
            "host_caller_has_role",
            "many",
            "member",
            times=2,
            once=50_000 - 256,
            context={"records": {"roles": [f"role {n}" for n in range(50_000)]}},
        ),
        _texts("host_caller_has_role", "a long one", wide, times=10),
        _texts("host_get_reputation", ""),
        _texts("host_read_state", "none", "home", "v"),
        _texts("host_read_state", "there", "home", "v00001", answer=1, context=_state(3)),
        _texts(
            "host_read_state", "many variables", "home", "v00001", times=2, context=MANY_VARIABLES
        ),
        _texts("host_read_state", "long names", wide, wide, times=10),
        _texts("host_state_shape", "there", "home", "v00001", answer=7, context=_state(3)),
        _texts("host_read_contract", "none", "home"),
        _texts("host_read_contract", "few", "home", items=17, context=_state(3)),
        _texts("host_read_contract", "many", "home", times=2, items=25_000, context=MANY_VARIABLES),
        *_of_values("host_write_state", "home", "v", "Shape"),
        *_of_values("host_emit", "name", after=("",)),
        _texts("host_mint_tokens", "", "shares", 1, OWN),
        _texts(
            "host_mint_tokens", "many holders", "shares", 1, OWN, times=100, context=MANY_HOLDERS
        ),
        _texts("host_mint_tokens", "no holder", "shares", 1, wide, times=10),
        _texts("host_burn_tokens", "none held", "shares", 1, OWN),
        _texts("host_burn_tokens", "", "shares", 1, "did:x:000001", context=_holders(3)),
        _texts(
            "host_transfer_tokens",
            "",
            "shares",
            "did:x:000001",
            OWN,
            1,
            context=_holders(3),
            times=5,
        ),
        _texts("host_transfer_tokens", "own units", "compute", OWN, OTHER, 1),
        _texts("host_transfer_tokens", "a long class", wide, OWN, OTHER, 1, times=10),
        _texts("host_token_balance", "", "shares", "did:x:000001", context=_holders(3)),
        _texts("host_token_balance", "long names", wide, wide, times=10),
        _texts("host_calculate_cid", "no bytes", b""),
        _texts("host_calculate_cid", "1 MiB", long, times=20),
        _texts("host_dag_put", "the same", b"a"),
        Extreme(
            call="host_dag_put",
            label="others",
            operands=f"(i32.const {AT}) (i32.add (i32.const 4096) (local.get $i)) "
            f"(i32.const {BUFFER}) (i32.const {ROOM})",
            payload=bytes(8_192),
            moved=4_096,
        ),
        _texts("host_dag_put", "64 KiB", "a" * 65_536, times=20),
        _texts("host_dag_get", "none", CID),
        _texts("host_dag_get", "among many", CID, context=MANY_PINS),
        _texts("host_dag_get", "no CID", "z" * 128),
        _texts("host_dag_get", "a long text", wide, times=10),
        _texts("host_dag_pin", "none", CID),
        _texts("host_dag_pin", "pinned", str(cid_of(bytes(4), Codec.RAW)), context=MANY_PINS),
        _texts("host_dag_unpin", "none", CID),
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
        _texts("host_leave_undecided", "", "a > b", "a", "f:1:1"),
        _texts("host_leave_undecided", "long", "a" * MIB, "a", "f:1:1", times=5),
    ]


def _test_extremes() -> list[Extreme]:
    def said(call: str, *texts: bytes | str | int, **more: Any) -> Extreme:
        return _texts(call, more.pop("label", ""), *texts, context=TEST, **more)

    return [
        said("test_enter", "f:1:1:2", ""),
        said("test_enter", LONG, "", label="a long place", times=10),
        said("test_compare", "T", b"1", b"2"),
        said("test_compare", "T", LONG, b"2", label="long", times=10),
        said("test_caller", OTHER),
        said("test_time", 5),
        said("test_advance", 0),
        said("test_role", "member"),
        said("test_input", "text"),
        said("test_input", LONG, label="long", times=10),
        said("test_balance", "compute", 5),
        said("test_effects", "anchor", answer=1),
        said("test_log", answer=1),
    ]


def _wasi_extremes() -> list[Extreme]:
    plain = [
        _numbers(name, "", *(0 for _ in WASI_FUNCTIONS[name].parameters))
        for name in WASI_PRICES
        if name not in ("args_get", "fd_read", "fd_write", "poll_oneoff", "random_get", "proc_exit")
    ]
    return [
        *plain,
        _numbers("proc_exit", "", 0, times=1),
        _numbers("args_get", "none", 1024, 2048, items=1, moved=11),
        _numbers(
            "args_get",
            "4 000",
            65_536,
            98_304,
            items=4_001,
            moved=4 * 4_001 + 12_007,
            times=3,
            payload=bytes(65_536),
            context={"arguments": ["ab"] * 4_000},
        ),
        _buffers("fd_read", 0, 1, 8, "8 bytes", payload=bytes(16_384), items=1, moved=20),
        _buffers(
            "fd_read",
            0,
            1_024,
            8,
            "1 024 buffers",
            payload=bytes(16_384),
            items=1_024,
            moved=1_024 * 8 + 4,
            times=5,
        ),
        _buffers("fd_read", 0, 1, MIB, "1 MiB", payload=bytes(MIB), items=1, moved=12, times=20),
        _buffers("fd_write", 1, 0, 0, "no buffers", moved=4),
        _buffers("fd_write", 1, 1, 8, "8 bytes", payload=bytes(8), items=1, moved=20),
        _buffers("fd_write", 1, 1, MIB, "1 MiB", payload=bytes(MIB), items=1, moved=MIB, times=20),
        _buffers("fd_write", 1, 1_024, 0, "1 024 empty buffers", moved=8_192, items=1_024, times=5),
        _buffers(
            "fd_write", 2, 1_024, 1, "1 024 lines", payload=b"\n", moved=9_216, items=2_048, times=5
        ),
        _buffers(
            "fd_write",
            2,
            1,
            65_536,
            "65 536 lines",
            payload=b"\n" * 65_536,
            moved=65_536,
            items=65_537,
            times=5,
        ),
        _buffers(
            "fd_write",
            2,
            1,
            65_536,
            "no line's end",
            payload=b"a" * 65_536,
            moved=65_536,
            items=1,
            times=20,
        ),
        _buffers(
            "fd_write",
            2,
            1,
            65_536,
            "no text",
            payload=b"\xff\n" * 32_768,
            moved=65_536,
            items=32_768,
            times=2,
        ),
        _clocks(1),
        _clocks(1_000),
        _numbers("random_get", "8 bytes", AT, 8, payload=bytes(8), moved=8),
        _numbers("random_get", "1 MiB", AT, MIB, payload=bytes(MIB), moved=MIB, times=20),
    ]


EXTREMES: Final = (*_host_extremes(), *_test_extremes(), *_wasi_extremes())
