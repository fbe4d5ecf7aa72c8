"""One host call in a loop, as a module: what an extreme is.

`moved` and `items` are what its row in `ccl.abi.fuel` counts; the suite asserts that so much is
charged, `make bench` that it pays for the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ccl.abi.call_forms import Answer
from ccl.abi.fuel import PRICES
from ccl.abi.test_calls import ALL_CALLS, import_module
from runtime.content.heads import weighed_items
from runtime.host.wasi.calls import WASI_FUNCTIONS, WASI_MODULE

AT: Final = 65_536
"""The address of the payload, the input of the execution."""
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


def texts(call: str, label: str, *given: bytes | str | int, **more: Any) -> Extreme:
    """A call with these parameters, and no answer's buffer that it would fill."""
    operands, payload = [], b""
    moved = more.pop("answer", 0)
    for text in given:
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


def numbers(call: str, label: str, *given: int, **more: Any) -> Extreme:
    """A WASI call with these operands."""
    kinds = WASI_FUNCTIONS[call].parameters
    operands = " ".join(
        f"({kind}.const {number})" for kind, number in zip(kinds, given, strict=True)
    )
    return Extreme(call=call, label=label, operands=operands, **more)


def items_of(value: bytes) -> int:
    return weighed_items(value, items_max=1 << 40)
