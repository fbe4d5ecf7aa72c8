"""Executor of one module in one context: a fresh store, the host calls, and the outcome.

One execution at a time in a process. The engine keeps the exception of a host function in a
process-wide variable, so neither threads nor nesting are possible here.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import wasmtime
from msgspec import Struct

from ccl.abi.call_forms import HostCall
from ccl.abi.fuel import PRICES, RUN_PRICES, Price
from ccl.abi.layout import MEMORY_EXPORT
from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.test_calls import ALL_CALLS, import_module
from runtime.content.cid import Cid
from runtime.execution.context import Context
from runtime.execution.effects import effects_to_block
from runtime.execution.execution import Outcome, OutcomeKind
from runtime.execution.rehearsal import Rehearsed
from runtime.host.calls import IMPLEMENTATIONS
from runtime.host.fuel_meter import FuelMeter
from runtime.host.invocation import Invocation
from runtime.host.stop import OUT_OF_FUEL, Stop
from runtime.host.test_calls import TEST_IMPLEMENTATIONS
from runtime.host.wasi.calls import (
    WASI_FUNCTIONS,
    WASI_MODULE,
    WasiFunction,
    command_line,
    finish_log,
    wasi_call,
)
from runtime.module.check import ModuleFacts
from runtime.module.entry_plan import Command, plan_entry, start_refusal
from runtime.module.reader import TABLES_MAX
from runtime.sandbox.worker.calling_conventions import Guest, call_entry
from runtime.sandbox.worker.guest_memory import GuestMemory
from runtime.sandbox.worker.linking import HostFunction, HostLinker, exported, integer_of, memory_of
from runtime.sandbox.worker.marshalling import answer_call
from runtime.sandbox.worker.traps import Ending, ending_of_trap, with_memory

NO_BLOCKS: Final[Mapping[Cid, bytes]] = MappingProxyType({})
_IMPLEMENTATIONS: Final = {**IMPLEMENTATIONS, **TEST_IMPLEMENTATIONS}
_OF_THE_SYSTEM: Final = "os error"
"""Part of every message of the engine about a denial by the operating system."""
OF_TESTS: Final = Outcome(
    kind=OutcomeKind.REJECTED,
    reason="this module is made of tests",
    detail="only `ccl test` executes them",
)


class HostFaultError(Exception):
    """A failure of this machine, which says nothing about the module."""


class EngineFaultError(Exception):
    """A module that the engine does not execute, on this machine or any other."""


class Loaded(Struct, frozen=True):
    facts: ModuleFacts
    instances: wasmtime.InstancePre


class Report(Struct, frozen=True, kw_only=True):
    """A worker's report of an execution. output_is_value: DAG-CBOR, not the program's bytes."""

    outcome: Outcome
    output: bytes | None
    output_is_value: bool
    effects: bytes | None
    blocks: list[list[Any]]
    """[codec, bytes] of each block that the effects store."""
    log: list[str]
    charter: list[Any]
    fuel_used: int | None
    memory_peak_bytes: int
    host_calls: int
    frames: list[int]
    wall_ns: int
    rehearsal: Rehearsed | None

    def to_value(self) -> dict[str, Any]:
        """Writes the value that `runtime.sandbox.results.execution_from` reads."""
        value = {name: getattr(self, name) for name in self.__struct_fields__}
        records = None if self.rehearsal is None else self.rehearsal.to_value()
        return {**value, "outcome": self.outcome.to_value(), "rehearsal": records}


class _Running(Struct):
    invocation: Invocation
    memory: GuestMemory


class Executor:
    def __init__(self, engine: wasmtime.Engine) -> None:
        self._engine = engine
        self._linker = HostLinker(self._engine)
        self._running: _Running | None = None
        for name, call in ALL_CALLS.items():
            self._linker.define(
                import_module(call),
                name,
                call.wasm_parameters,
                call.wasm_result,
                self._host_call(call),
            )
        for name, function in WASI_FUNCTIONS.items():
            result = "i32" if function.returns_errno else None
            self._linker.define(
                WASI_MODULE, name, function.parameters, result, self._wasi(name, function)
            )

    def load(self, code: bytes, facts: ModuleFacts) -> Loaded:
        """Loads machine code that the compiler of this configuration made. Raises
        HostFaultError."""
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
        """Executes a module. Raises HostFaultError and EngineFaultError; every other end is a
        report.

        blocks: named by the context's state root and token register.
        """
        started = time.perf_counter_ns()
        meter = FuelMeter(context.limits.fuel)
        invocation = Invocation(context=context, input=input_, blocks=blocks, meter=meter)
        with wasmtime.Store(self._engine) as store:
            memory = GuestMemory(store, invocation.meter)
            ending = self._end(loaded, invocation, store, memory)
            peak = memory.size
        succeeded = ending.outcome.kind is OutcomeKind.SUCCEEDED
        finish_log(invocation, succeeded=succeeded)
        outcome = with_memory(ending.outcome, loaded.facts, peak, context.limits.memory_bytes)
        output, is_value = (None, False) if not succeeded else ending.output
        return Report(
            outcome=outcome,
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
            frames=list(ending.frames),
            wall_ns=time.perf_counter_ns() - started,
            rehearsal=None if invocation.rehearsal is None else invocation.rehearsal.records,
        )

    def _end(
        self, loaded: Loaded, invocation: Invocation, store: wasmtime.Store, memory: GuestMemory
    ) -> Ending:
        context, facts = invocation.context, loaded.facts
        limits = context.limits
        try:
            _charge_arguments(invocation.meter, context)
        except Stop as stop:
            return Ending(stop.outcome, limits.fuel)
        plan = plan_entry(facts, context.entry, context.arguments)
        if isinstance(plan, Outcome):
            return Ending(plan, limits.fuel - invocation.meter.left)
        if facts.is_rehearsal and invocation.rehearsal is None:
            return Ending(OF_TESTS, fuel_used=0)
        too_large = start_refusal(facts, limits.memory_bytes)
        if too_large is not None:
            return Ending(too_large, fuel_used=0)
        if invocation.input is not None and len(invocation.input) > limits.input_bytes:
            reason = f"an input of {len(invocation.input)} bytes, the limit is {limits.input_bytes}"
            return Ending(Outcome(kind=OutcomeKind.LIMIT, reason=reason), fuel_used=0)
        invocation.command_line = command_line(plan.arguments if isinstance(plan, Command) else ())
        store.set_limits(
            memory_size=limits.memory_bytes,
            table_elements=MODULE_LIMITS.table_elements,
            instances=1,
            tables=TABLES_MAX,
            memories=1,
        )
        store.set_fuel(invocation.meter.left)
        self._running = _Running(invocation, memory)
        guest: Guest | None = None
        try:
            instance = loaded.instances.instantiate(store)
            found = exported(store, instance, MEMORY_EXPORT)
            if isinstance(found, wasmtime.Memory):
                memory.attach(found)
            guest = _StoreGuest(store, instance, memory)
            output = call_entry(plan, guest, invocation)
            return Ending(
                Outcome(kind=OutcomeKind.SUCCEEDED), limits.fuel - store.get_fuel(), output
            )
        except Stop as stop:
            return self._stopped(stop, invocation, limits.fuel - store.get_fuel())
        except (wasmtime.Trap, wasmtime.WasmtimeError) as raised:
            ours = self._linker.take_raised()
            if isinstance(ours, Stop):
                return self._stopped(ours, invocation, limits.fuel - store.get_fuel())
            if ours is not None:
                raise ours from None
            if isinstance(raised, wasmtime.WasmtimeError):
                raise _fault_of(raised) from None
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

    # --- functions that the guest can call

    def _current(self, caller: int) -> _Running:
        running = self._running
        assert running is not None, "the guest calls only while it is being executed"
        if not running.memory.is_attached:
            # A start function runs before there is an instance.
            found = memory_of(caller, MEMORY_EXPORT)
            if found is not None:
                running.memory.attach(found)
        running.invocation.host_calls += 1
        return running

    def _host_call(self, call: HostCall) -> HostFunction:
        implementation, price = _IMPLEMENTATIONS[call.name], PRICES[call.name]

        def function(caller: int, *raw: int) -> int | None:
            running = self._current(caller)
            memory = running.memory
            try:
                memory.begin_call(price)
                return answer_call(call, implementation, running.invocation, memory, raw)
            finally:
                memory.end_call()

        return function

    def _wasi(self, name: str, wasi: WasiFunction) -> HostFunction:
        price = PRICES[name]

        def function(caller: int, *parameters: int) -> int | None:
            running = self._current(caller)
            memory = running.memory
            try:
                memory.begin_call(price)
                return wasi_call(wasi, running.invocation, memory, parameters)
            finally:
                memory.end_call()

        return function


class _StoreGuest:
    """An instance, for the calling conventions and for reading its state after a trap."""

    def __init__(
        self, store: wasmtime.Store, instance: wasmtime.Instance, memory: GuestMemory
    ) -> None:
        self._store = store
        self._instance = instance
        self._memory = memory

    @property
    def memory(self) -> GuestMemory:
        return self._memory

    @contextmanager
    def working(self, price: Price) -> Iterator[FuelMeter]:
        self._memory.begin_call(price)
        try:
            yield self._memory.meter
        finally:
            self._memory.end_call()

    def call(self, name: str, *parameters: int) -> Any:
        function = exported(self._store, self._instance, name)
        assert isinstance(function, wasmtime.Func), "the plan was made from the exports' types"
        return function(self._store, *parameters)

    def global_value(self, name: str) -> int | None:
        found = exported(self._store, self._instance, name)
        return integer_of(self._store, found) if isinstance(found, wasmtime.Global) else None


def _fault_of(error: wasmtime.WasmtimeError) -> HostFaultError | EngineFaultError:
    """Attributes an error that is no trap to the machine or the engine. Everything that a module
    can bring about is checked before: sizes, tables and the types of calls. So it is a denial by
    the operating system, or an unknown error of the engine, which every machine of this
    configuration would meet."""
    text = " ".join(str(error).split())
    if _OF_THE_SYSTEM in text:
        return HostFaultError(f"the engine could not go on: {text}")
    return EngineFaultError(text)


def _charge_arguments(meter: FuelMeter, context: Context) -> None:
    """Charges the arguments before they are decoded for the plan, which reports malformed ones.
    Raises Stop."""
    arguments = context.arguments
    if arguments is not None:
        meter.price = RUN_PRICES["arguments"]
        meter.charge_bytes(len(arguments))
        meter.charge_value(arguments)
