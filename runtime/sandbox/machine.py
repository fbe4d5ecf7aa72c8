"""Executes one module in one context: a fresh store, the host calls, and the outcome.

One execution at a time in a process. The engine keeps the exception of a host function in a
process-wide variable, so neither threads nor nesting are possible here.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import wasmtime
from msgspec import Struct
from wasmtime._instance import InstanceExports

from ccl.abi.hostcalls import ABSENT, Answer, HostCall, Wire
from ccl.abi.layout import MEMORY_EXPORT
from ccl.abi.testcalls import ALL_CALLS, import_module
from runtime.content.cid import Cid
from runtime.context import Context
from runtime.effects import effects_to_block
from runtime.entryplan import plan_entry
from runtime.execution import Outcome, OutcomeKind
from runtime.host.calls import IMPLEMENTATIONS, Implementation
from runtime.host.invocation import Invocation, Stop, trap
from runtime.host.memory import OutOfBoundsError
from runtime.host.testing import TEST_IMPLEMENTATIONS
from runtime.host.wasi import WASI_FUNCTIONS, WASI_MODULE, WasiFunction, finish_log, wasi_call
from runtime.modulecheck import PAGE_BYTES, ModuleFacts
from runtime.modulelimits import MODULE_LIMITS
from runtime.modulereader import TABLES_MAX
from runtime.rehearsal import Rehearsed
from runtime.sandbox.engine import build_engine
from runtime.sandbox.entry import Guest, call_entry
from runtime.sandbox.guest import OUT_OF_FUEL, GuestMemory
from runtime.sandbox.traps import Ending, ending_of_trap

_U32: Final = 0xFFFF_FFFF
NO_BLOCKS: Final[Mapping[Cid, bytes]] = MappingProxyType({})
_IMPLEMENTATIONS: Final = {**IMPLEMENTATIONS, **TEST_IMPLEMENTATIONS}
OF_TESTS: Final = Outcome(
    kind=OutcomeKind.REJECTED,
    reason="this module is made of tests",
    detail="only `ccl test` executes them",
)


class HostFaultError(Exception):
    """This machine could not do it: nothing is said about the module."""


class Loaded(Struct, frozen=True):
    facts: ModuleFacts
    instances: wasmtime.InstancePre


class Report(Struct, frozen=True, kw_only=True):
    """What a worker says of an execution; output_is_value: DAG-CBOR, not the program's bytes."""

    outcome: Outcome
    output: bytes | None
    output_is_value: bool
    effects: bytes | None
    blocks: list[list[Any]]
    """[codec, bytes] of the blocks that the effects store."""
    log: list[str]
    charter: list[Any]
    fuel_used: int | None
    memory_peak_bytes: int
    host_calls: int
    wall_ns: int
    rehearsal: Rehearsed | None

    def to_value(self) -> dict[str, Any]:
        """What `runtime.sandbox.results.execution_from` reads."""
        value = {name: getattr(self, name) for name in self.__struct_fields__}
        said = None if self.rehearsal is None else self.rehearsal.to_value()
        return {**value, "outcome": self.outcome.to_value(), "rehearsal": said}


class _Running(Struct):
    invocation: Invocation
    memory: GuestMemory


class Machine:
    def __init__(self) -> None:
        self._engine = build_engine()
        self._linker = wasmtime.Linker(self._engine)
        self._running: _Running | None = None
        for name, call in ALL_CALLS.items():
            self._define(
                import_module(call),
                name,
                call.wasm_parameters,
                call.wasm_result,
                self._host_call(call),
            )
        for name, function in WASI_FUNCTIONS.items():
            result = "i32" if function.returns_errno else None
            self._define(WASI_MODULE, name, function.parameters, result, self._wasi(function))

    def load(self, code: bytes, facts: ModuleFacts) -> Loaded:
        """Machine code that the compiler of this configuration made. Raises HostFaultError."""
        try:
            module = wasmtime.Module.deserialize(self._engine, code)
            return Loaded(facts, self._linker.instantiate_pre(module))
        except wasmtime.WasmtimeError as error:
            raise HostFaultError(f"the compiled module cannot be loaded: {error}") from None

    def execute(
        self,
        loaded: Loaded,
        context: Context,
        input_: bytes | None,
        blocks: Mapping[Cid, bytes] = NO_BLOCKS,
    ) -> Report:
        """Raises HostFaultError; every other end is a report. blocks: what the context's state
        root and token register name."""
        started = time.perf_counter_ns()
        invocation = Invocation(context=context, input=input_, blocks=blocks)
        with wasmtime.Store(self._engine) as store:
            memory = GuestMemory(store)
            ending = self._end(loaded, invocation, store, memory)
            peak = memory.size
        finish_log(invocation)
        succeeded = ending.outcome.kind is OutcomeKind.SUCCEEDED
        output, is_value = (None, False) if not succeeded else ending.output
        return Report(
            outcome=ending.outcome,
            output=output,
            output_is_value=is_value,
            effects=effects_to_block(invocation.effects)
            if succeeded and invocation.effects
            else None,
            blocks=[[cid.codec.value, data] for cid, data in invocation.effect_blocks()]
            if succeeded
            else [],
            log=invocation.log,
            charter=invocation.charter if succeeded else [],
            fuel_used=ending.fuel_used,
            memory_peak_bytes=peak,
            host_calls=invocation.host_calls,
            wall_ns=time.perf_counter_ns() - started,
            rehearsal=None if invocation.rehearsal is None else invocation.rehearsal.said,
        )

    def _end(
        self, loaded: Loaded, invocation: Invocation, store: wasmtime.Store, memory: GuestMemory
    ) -> Ending:
        context, facts = invocation.context, loaded.facts
        limits = context.limits
        plan = plan_entry(facts, context.entry, context.arguments)
        if isinstance(plan, Outcome):
            return Ending(plan, fuel_used=0)
        if facts.is_rehearsal and invocation.rehearsal is None:
            return Ending(OF_TESTS, fuel_used=0)
        if facts.memory_pages * PAGE_BYTES > limits.memory_bytes:
            reason = (
                f"the module starts with {facts.memory_pages * PAGE_BYTES} bytes of memory, "
                f"the limit is {limits.memory_bytes}"
            )
            return Ending(Outcome(kind=OutcomeKind.LIMIT, reason=reason), fuel_used=0)
        if invocation.input is not None and len(invocation.input) > limits.input_bytes:
            reason = f"an input of {len(invocation.input)} bytes, the limit is {limits.input_bytes}"
            return Ending(Outcome(kind=OutcomeKind.LIMIT, reason=reason), fuel_used=0)
        store.set_limits(
            memory_size=limits.memory_bytes,
            table_elements=MODULE_LIMITS.table_elements,
            instances=1,
            tables=TABLES_MAX,
            memories=1,
        )
        store.set_fuel(limits.fuel)
        self._running = _Running(invocation, memory)
        guest: Guest | None = None
        try:
            try:
                instance = loaded.instances.instantiate(store)
            except wasmtime.WasmtimeError as error:
                raise HostFaultError(f"no instance could be made: {error}") from None
            exports = instance.exports(store)
            found = exports.get(MEMORY_EXPORT)
            if isinstance(found, wasmtime.Memory):
                memory.memory = found
            guest = _StoreGuest(store, exports, memory)
            output = call_entry(plan, guest, invocation)
            return Ending(
                Outcome(kind=OutcomeKind.SUCCEEDED), limits.fuel - store.get_fuel(), output
            )
        except Stop as stop:
            return self._stopped(stop, invocation, limits.fuel - store.get_fuel())
        except wasmtime.Trap as raised:
            if raised.trap_code is wasmtime.TrapCode.OUT_OF_FUEL:
                return Ending(OUT_OF_FUEL, limits.fuel)
            return ending_of_trap(raised, guest, facts, limits.fuel - store.get_fuel())
        finally:
            self._running = None

    @staticmethod
    def _stopped(stop: Stop, invocation: Invocation, fuel_used: int) -> Ending:
        if stop.outcome.kind is OutcomeKind.OUT_OF_FUEL:
            fuel_used = invocation.context.limits.fuel
        written = None if invocation.output is None else bytes(invocation.output)
        return Ending(stop.outcome, fuel_used, (written, False))

    # --- what the guest can call

    def _define(
        self,
        module: str,
        name: str,
        parameters: tuple[str, ...],
        result: str | None,
        function: Callable[..., int | None],
    ) -> None:
        kinds = {"i32": wasmtime.ValType.i32, "i64": wasmtime.ValType.i64}
        shape = wasmtime.FuncType(
            [kinds[kind]() for kind in parameters], [] if result is None else [kinds[result]()]
        )
        self._linker.define_func(module, name, shape, function, access_caller=True)

    def _current(self, caller: wasmtime.Caller) -> _Running:
        running = self._running
        assert running is not None, "the guest calls only while it is being executed"
        if running.memory.memory is None:
            # A start function runs before the instance's exports can be listed.
            found = caller.get(MEMORY_EXPORT)
            if isinstance(found, wasmtime.Memory):
                running.memory.memory = found
        running.invocation.host_calls += 1
        return running

    def _host_call(self, call: HostCall) -> Callable[..., int | None]:
        implementation = _IMPLEMENTATIONS[call.name]

        def function(caller: wasmtime.Caller, *raw: int) -> int | None:
            running = self._current(caller)
            memory = running.memory
            memory.begin_call()
            try:
                return _answer(call, implementation, running.invocation, memory, raw)
            finally:
                memory.end_call()

        return function

    def _wasi(self, wasi: WasiFunction) -> Callable[..., int | None]:
        unsigned = tuple(kind == "i32" for kind in wasi.parameters)

        def function(caller: wasmtime.Caller, *raw: int) -> int | None:
            running = self._current(caller)
            memory = running.memory
            parameters = tuple(
                value & _U32 if narrow else value
                for value, narrow in zip(raw, unsigned, strict=True)
            )
            memory.begin_call()
            try:
                return wasi_call(wasi, running.invocation, memory, parameters)
            finally:
                memory.end_call()

        return function


def _answer(
    call: HostCall,
    implementation: Implementation,
    invocation: Invocation,
    memory: GuestMemory,
    raw: tuple[int, ...],
) -> int | None:
    """Read the parameters, make the call, write the answer."""
    refusable = call.answer in (Answer.STATUS, Answer.HANDLE)
    try:
        parameters = _parameters(call, memory, raw)
    except (OutOfBoundsError, _TextError) as error:
        if not refusable:
            raise trap(f"{call.name}: {error}") from None
        invocation.refusal = str(error)
        return 0
    answer = implementation(invocation, *parameters)
    match call.answer:
        case Answer.NONE:
            return None
        case Answer.INTEGER:
            assert isinstance(answer, int), "an INTEGER call gives a number"
            return answer
        case Answer.STATUS | Answer.HANDLE:
            if isinstance(answer, str):
                invocation.refusal = answer
                return 0
            assert isinstance(answer, int), "a STATUS is a number or a reason"
            return answer
        case Answer.BUFFER:
            if answer is None:
                return ABSENT
            assert isinstance(answer, bytes), "a BUFFER call gives bytes"
            most = call.answer_bytes_max
            assert most is None or len(answer) <= most, "bounds of fuel count on it"
            pointer, capacity = raw[-2] & _U32, raw[-1] & _U32
            if len(answer) <= capacity:
                try:
                    memory.write(pointer, answer)
                except OutOfBoundsError as error:
                    raise trap(f"{call.name}: {error}") from None
            return len(answer)


class _TextError(Exception):
    """A TEXT parameter that is not UTF-8."""


def _parameters(call: HostCall, memory: GuestMemory, raw: tuple[int, ...]) -> list[Any]:
    values: list[Any] = []
    at = 0
    for parameter in call.parameters:
        if parameter.wire is Wire.INTEGER:
            values.append(raw[at])
            at += 1
            continue
        data = memory.read(raw[at] & _U32, raw[at + 1] & _U32)
        at += 2
        if parameter.wire is Wire.BYTES:
            values.append(data)
            continue
        try:
            values.append(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _TextError(
                f"{parameter.name} is not UTF-8 (byte {error.start} of {len(data)})"
            ) from None
    return values


class _StoreGuest:
    """An instance, for the calling conventions and for reading what a trap left behind."""

    def __init__(
        self, store: wasmtime.Store, exports: InstanceExports, memory: GuestMemory
    ) -> None:
        self._store = store
        self._exports = exports
        self._memory = memory

    @property
    def memory(self) -> GuestMemory:
        return self._memory

    def call(self, name: str, *parameters: int) -> Any:
        function = self._exports[name]
        assert isinstance(function, wasmtime.Func), "the plan was made from the exports' types"
        return function(self._store, *parameters)

    def global_value(self, name: str) -> int | None:
        found = self._exports.get(name)
        if not isinstance(found, wasmtime.Global):
            return None
        value = found.value(self._store)
        return value if isinstance(value, int) else None
