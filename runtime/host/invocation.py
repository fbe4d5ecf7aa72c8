"""One execution as the host sees it: the context, and the program's actions so far.

Refusals are kept for `host_last_refusal`; `Stop` ends the execution with an outcome. Rule: nothing
here reads a clock, a file or anything else that is not in the context.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from blake3 import blake3
from msgspec.structs import replace

from ccl.abi.fuel import RUN_PRICES
from ccl.abi.host_calls import REFUSAL_BYTES_MAX
from ccl.abi.layout import CHARTER_DEPTH_MAX
from runtime.content.cid import Cid
from runtime.content.codec import RECORD_BYTES_MAX, CodecError, encode
from runtime.execution.context import ROLES_RECORD, Context
from runtime.execution.effects import Effect, PutBlock, WriteState, effect_to_value
from runtime.execution.rehearsal import Rehearsal, rehearsal_of
from runtime.host.fuel_meter import FuelMeter
from runtime.host.policy import Policies, members_listed, policies_from_value
from runtime.host.state.store import StateStore
from runtime.host.stop import limit, trap
from runtime.host.tokens.book import TokenBook

RESULTS_RECORD: Final = "results"
"""The record of the outputs of earlier jobs, by job id."""
LOG_LINES_MAX: Final = 8192
CHARTER_ENTRIES_MAX: Final = 65_536
CHARTER_BYTES_MAX: Final = 8 << 20
_BLOCK_OVERHEAD_BYTES: Final = 1024
_LOG_LINE_OVERHEAD_BYTES: Final = 16
_RANDOM_CHUNK_BYTES: Final = 1024


class RandomStream:
    """Reproducible bytes from the job's seed: the extended output of keyed BLAKE3."""

    __slots__ = ("_buffer", "_hash", "_position")

    def __init__(self, seed: bytes, purpose: bytes) -> None:
        self._hash = blake3(purpose, key=seed)
        self._position = 0
        self._buffer = b""

    def take(self, length: int) -> bytes:
        """Draws the next `length` bytes."""
        if length > len(self._buffer):
            wanted = length - len(self._buffer)
            chunk = max(wanted, _RANDOM_CHUNK_BYTES)
            self._buffer += self._hash.digest(length=chunk, seek=self._position)
            self._position += chunk
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken


@dataclass(slots=True, kw_only=True)
class Invocation:
    """The state of one execution. Effects, output and log are read when it has ended.

    blocks: those of `runtime.execution.state.surrounding_blocks`.
    """

    context: Context
    input: bytes | None
    blocks: Mapping[Cid, bytes] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    output: bytearray | None = None
    charter: list[Any] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    meter: FuelMeter = field(default_factory=FuelMeter)
    refusal: str | None = None
    host_calls: int = 0
    random: RandomStream = field(init=False)
    wasi_random: RandomStream = field(init=False)
    input_position: int = 0
    command_line: Sequence[bytes] = ()
    """The name and the arguments of a WASI program."""
    partial_line: bytearray = field(default_factory=bytearray)
    descriptors: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 1, 2: 2})
    """Open descriptors of a WASI program, each as one of stdin, stdout and stderr."""
    printed: bool = False
    """Whether the output is the stdout of a WASI program."""
    waited: int = 0
    """Nanoseconds that a WASI program has waited."""
    readings: int = 0
    """Readings of the monotonic clock by a WASI program."""
    rehearsal: Rehearsal | None = field(init=False)
    """None unless the context is of a test."""
    _state: StateStore | None = None
    _tokens: TokenBook | None = None
    _records: dict[str, bytes] = field(default_factory=dict)
    _committed: dict[str, int] = field(default_factory=dict)
    _policies: dict[str, Policies] = field(default_factory=dict)
    """Policies after the effects so far."""
    _rules: dict[str, Policies] = field(default_factory=dict)
    """Policies of the context."""
    _roles: frozenset[str] | None = None
    _writes: dict[tuple[str, str], int] = field(default_factory=dict)
    """Position of the effect that writes a variable."""
    _effect_bytes: int = 0
    _log_bytes: int = 0
    _log_cut: bool = False
    _charter_bytes: int = 0
    _charter_depth: int = 0

    def __post_init__(self) -> None:
        self.random = RandomStream(self.context.seed, b"icn random")
        self.wasi_random = RandomStream(self.context.seed, b"wasi random_get")
        self.rehearsal = rehearsal_of(self.context.records)

    def record(self, name: str) -> bytes | None:
        """Gives a host record, encoded once however often it is read."""
        if name not in self._records:
            if name in self.context.records:
                value = self.context.records[name]
            elif name == RESULTS_RECORD and self.context.results:
                value = dict(self.context.results)
            else:
                return None
            self.meter.charge_built(value)
            self._records[name] = encode(value)
        return self._records[name]

    def has_role(self, role: str) -> bool:
        """Returns whether the context grants the caller a role."""
        if self._roles is None:
            granted = self.context.records.get(ROLES_RECORD, [])
            listed = granted if isinstance(granted, list) else []
            self.meter.charge_brought(self.meter.price, len(listed))
            self._roles = frozenset(each for each in listed if isinstance(each, str))
        return role in self._roles

    def change_context(self, **changes: Any) -> None:
        """Continues the execution in another context; only tests do so."""
        self.context = replace(self.context, **changes)
        self._records.clear()
        self._rules.clear()
        self._roles = None

    @property
    def state(self) -> StateStore:
        """The caller's state, read at the first use."""
        if self._state is None:
            root = self.context.state_root
            if root is not None:
                self.meter.charge_brought_block(RUN_PRICES["state"], self.blocks[root])
            try:
                self._state = StateStore(root, self.blocks)
            except CodecError as error:
                raise trap("the context's state cannot be read", str(error)) from None
        return self._state

    @property
    def tokens(self) -> TokenBook:
        """The caller's token classes, read at the first use."""
        if self._tokens is None:
            register = self.context.tokens
            if register is not None:
                self.meter.charge_brought_block(RUN_PRICES["tokens"], self.blocks[register])
            try:
                self._tokens = TokenBook(register, self.blocks)
            except CodecError as error:
                raise trap("the context's token holders cannot be read", str(error)) from None
        return self._tokens

    def refuse(self, reason: str) -> None:
        """Sets the reason that `host_last_refusal` gives."""
        # A reason may hold as much of a text as the guest's memory has.
        self.refusal = reason[: REFUSAL_BYTES_MAX + 1]

    # --- effects

    def effect_refused(self, effect: Effect) -> str | None:
        """Gives the reason why the list has no room for an effect, or None."""
        count_max = self.context.limits.effects
        if len(self.effects) >= count_max:
            return f"this execution already has {count_max} effects, its limit"
        return self._too_large(_size(effect))

    def _too_large(self, more_bytes: int) -> str | None:
        if self._effect_bytes + more_bytes > RECORD_BYTES_MAX - _BLOCK_OVERHEAD_BYTES:
            return f"the effects of this execution are over {RECORD_BYTES_MAX} bytes in total"
        return None

    def append_effect(self, effect: Effect) -> str | None:
        """Adds an effect to the list, or gives the reason why there is no room for it."""
        reason = self.effect_refused(effect)
        if reason is None:
            self.add_effect(effect)
        return reason

    def add_effect(self, effect: Effect) -> None:
        """Adds an effect that `effect_refused` does not refuse."""
        self._effect_bytes += _size(effect)
        self.effects.append(effect)

    def write_effect(self, effect: WriteState) -> str | None:
        """Adds a write of state; in place of an earlier one of the same variable."""
        key = (effect.home, effect.variable)
        position = self._writes.get(key)
        if position is None:
            reason = self.append_effect(effect)
            if reason is None:
                self._writes[key] = len(self.effects) - 1
            return reason
        more_bytes = _size(effect) - _size(self.effects[position])
        reason = self._too_large(more_bytes)
        if reason is None:
            self._effect_bytes += more_bytes
            self.effects[position] = effect
        return reason

    def effect_blocks(self) -> list[tuple[Cid, bytes]]:
        """Lists the blocks that travel with the effects, in their order, each once."""
        named: dict[Cid, bytes] = {}
        for effect in self.effects:
            match effect:
                case WriteState(value=cid) | PutBlock(cid=cid):
                    named[cid] = self.state.given(cid)
                case _:
                    pass
        return list(named.items())

    def available_units(self, resource_type: str) -> int:
        """Gives the caller's balance in the context, less the commitments of this execution's
        effects."""
        balance = self.context.balances.get(resource_type, 0)
        return balance - self._committed.get(resource_type, 0)

    def policies(self, resource_type: str) -> Policies:
        """Gives the policies after the effects so far. Raises ValueError if they are malformed."""
        if resource_type in self._policies:
            return self._policies[resource_type]
        if resource_type not in self._rules:
            value = self.context.policies.get(resource_type)
            if value is None:
                return ()
            self.meter.charge_brought(RUN_PRICES["policy"], members_listed(value))
            self._rules[resource_type] = policies_from_value(
                value, subject=self.context.caller, now=self.context.now
            )
        return self._rules[resource_type]

    def commit(self, resource_type: str, units: int, policies: Policies | None) -> None:
        """Counts units that an effect commits, and sets the policies after it, if given."""
        self._committed[resource_type] = self._committed.get(resource_type, 0) + units
        if policies is not None:
            self._policies[resource_type] = policies

    # --- log

    @property
    def log_is_cut(self) -> bool:
        return self._log_cut

    def log_line(self, text: str) -> None:
        """Appends a line; past the limit the log ends with a line that says it was cut."""
        if self._log_cut:
            return
        limit_bytes = self.context.limits.log_bytes
        room = limit_bytes - self._log_bytes
        raw = text.encode("utf-8")
        if len(raw) + _LOG_LINE_OVERHEAD_BYTES <= room and len(self.log) < LOG_LINES_MAX:
            self._log_bytes += len(raw) + _LOG_LINE_OVERHEAD_BYTES
            self.log.append(text)
            return
        self._log_cut = True
        if len(self.log) < LOG_LINES_MAX and room > _LOG_LINE_OVERHEAD_BYTES:
            self.log.append(raw[: room - _LOG_LINE_OVERHEAD_BYTES].decode("utf-8", "ignore"))
        self.log.append(f"… log cut: over {limit_bytes} bytes or {LOG_LINES_MAX} lines")

    # --- output

    def replace_output(self, data: bytes) -> str | None:
        """Sets the output, or gives the reason why it cannot be set."""
        limit_bytes = self.context.limits.output_bytes
        if len(data) > limit_bytes:
            return f"an output of {len(data)} bytes, the limit is {limit_bytes}"
        self.output = bytearray(data)
        self.printed = False
        return None

    def extend_output(self, data: bytes) -> None:
        """Appends to the output. Ends the execution when it is over the limit."""
        if self.output is None:
            self.output = bytearray()
            self.printed = True
        if len(self.output) + len(data) > self.context.limits.output_bytes:
            raise limit(f"the output is over {self.context.limits.output_bytes} bytes")
        self.output += data

    # --- charter

    def charter_entry(self, entry: list[Any], size: int) -> None:
        """Adds `["begin", kind, label]`, `["set", key, value]`, `["end"]`, values encoded, or
        `["undecided", condition, missing, place]`."""
        match entry[0]:
            case "begin":
                self._charter_depth += 1
            case "end":
                self._charter_depth -= 1
        if self._charter_depth < 0:
            raise trap("host_end_section: no section is open")
        if self._charter_depth > CHARTER_DEPTH_MAX:
            raise limit(f"charter sections nested more than {CHARTER_DEPTH_MAX} deep")
        self._charter_bytes += size
        if len(self.charter) >= CHARTER_ENTRIES_MAX or self._charter_bytes > CHARTER_BYTES_MAX:
            raise limit(f"a charter of over {CHARTER_ENTRIES_MAX} entries")
        self.charter.append(entry)

    @property
    def charter_is_closed(self) -> bool:
        return self._charter_depth == 0


def _size(effect: Effect) -> int:
    return len(encode(effect_to_value(effect)))
