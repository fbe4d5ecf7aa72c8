"""Upper bounds on lengths and bytes of texts, Data and arrays, and on the size of numbers.

Bounds are formulas over a function's parameters. A variable has one only if it is assigned once and
not changed in place; a value only if it derives from constants, parameters, host calls whose
answers have a limit, and types whose values have one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ccl.abi.bounds import Formula
from ccl.abi.call_forms import Answer, Wire
from ccl.abi.fuel import PRICES
from ccl.abi.host_calls import CID_BYTES_MAX, DID_BYTES_MAX
from ccl.abi.test_calls import ALL_CALLS
from ccl.analysis.intervals import Intervals
from ccl.analysis.sizes.accumulators import Accumulator, accumulator_of
from ccl.analysis.sizes.encoded_size import HEAD_BYTES, encoded_bytes_max, encoded_max, holds_text
from ccl.analysis.survey import Survey
from ccl.ir.layout import is_text, value_type
from ccl.ir.typed import (
    ArrayNew,
    Binary,
    BinaryOp,
    Block,
    Builtin,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Conversion,
    Convert,
    Expr,
    Function,
    If,
    Jump,
    Leaf,
    Local,
    LocalGet,
    MatchTag,
    Operation,
    Program,
    ScalarConst,
    SetLocal,
    SubmitManifest,
    TextConst,
)
from ccl.ir.types import Array, Prim
from ccl.ir.visit import everything
from ccl.source.spans import Span
from runtime.content.heads import CONTAINER_WEIGHT

POINT_BYTES_MAX = 4
NUMBER_TEXT_BYTES_MAX = 64
"""Of any scalar as text, a time or a duration too."""
SHORT_BYTES_MAX = 64
"""Of the texts that generated code has of its own."""
MOVED = "moved"
"""Of a host call: the bytes that cross in both directions."""
ITEMS = "items"
"""Of a host call: the items of the values that it is given, as they are charged."""
SMALL_MAX = 2**40
"""Larger intervals are of no use as bounds."""
HANDS_ON = frozenset(
    {Builtin.ARRAY_LEN, Builtin.ARRAY_PUSH, Builtin.ARRAY_POP, Builtin.ARRAY_SLICE}
)
"""These read no text that is in an array."""


def length_symbol(name: str) -> str:
    return f"len({name})"


def size_symbol(name: str) -> str:
    return f"|{name}|"


@dataclass
class Sizes:
    """Sizes of values of one function, as formulas over its parameters."""

    program: Program
    function: Function
    survey: Survey
    intervals: Intervals
    accumulators: dict[str, Accumulator | None]
    """By function id, of callees in any function."""
    assignments: dict[int, list[SetLocal]] = field(default_factory=dict)
    _visiting: set[int] = field(default_factory=set)
    _measured: dict[tuple[str, int], Formula | None] = field(default_factory=dict)
    """By measure and index of a variable with one assignment."""
    _answer_bindings: dict[int, CallHost] | None = None

    def __post_init__(self) -> None:
        for each in self.survey.assignments:
            self.assignments.setdefault(each.local.index, []).append(each)

    def of_arguments(self, callee: Function, values: list[Expr]) -> dict[str, Formula | None]:
        """Returns the bounds of a call's arguments, by symbol of the callee."""
        found: dict[str, Formula | None] = {}
        for parameter, value in zip(callee.parameters, values, strict=True):
            if has_length(parameter):
                found[length_symbol(parameter.name)] = self.length(value)
            elif value_type(parameter.type) == "i64":
                found[size_symbol(parameter.name)] = self.size(value)
        return found

    # --- values ---

    def length(self, node: Expr) -> Formula | None:
        """Bounds an array or text; None if it is unbounded."""
        match node:
            case ArrayNew(elements=elements):
                return Formula.constant(len(elements))
            case TextConst(value=text):
                return Formula.constant(len(text))
            case CallBuiltin(builtin=Builtin.ARRAY_SLICE, arguments=arguments):
                return self.length(arguments[0].value)
            case LocalGet(local=local) if not self._may_grow(local):
                if self.is_parameter(local):
                    return Formula.symbol(length_symbol(local.name))
                return self._of_only_assignment(local, self.length)
            case LocalGet():
                return None
            case CallFunction(function=function, arguments=arguments) if not is_text(node.type):
                found = self._accumulator(function)
                length = None if found is None else self.length(arguments[found.parameter].value)
                if found is None or length is None:
                    return None
                return Formula.constant(found.pushes) * length
            case _ if is_text(node.type):
                return self.bytes(node)
            case _:
                return None

    def bytes(self, node: Expr) -> Formula | None:
        """Bounds a text or Data; None if it is unbounded."""
        match node:
            case TextConst(value=text):
                return Formula.constant(len(text.encode()))
            case _ if node.type is Prim.DID:
                return Formula.constant(DID_BYTES_MAX)
            case _ if node.type is Prim.CID:
                return Formula.constant(CID_BYTES_MAX)
            case Convert(conversion=Conversion.SAME_BITS, operand=operand):
                return self.bytes(operand)
            case Convert(conversion=Conversion.TO_STRING, operand=operand):
                if is_text(operand.type):
                    return self.bytes(operand)
                known = operand.type is not Prim.DATA
                return Formula.constant(NUMBER_TEXT_BYTES_MAX) if known else None
            case Convert(conversion=Conversion.TO_DATA, operand=operand):
                if operand.type is Prim.DATA:
                    return self.bytes(operand)
                return _known(encoded_bytes_max(self.program, operand.type))
            case CallHost():
                return self._answer(node)
            case Block(value=value) if value is not None:
                return self.bytes(value)
            case If(then=then, otherwise=otherwise) if otherwise is not None:
                a, b = self.bytes(then), self.bytes(otherwise)
                return None if a is None or b is None else a.most(b)
            case Concat(parts=parts):
                return self._together(parts)
            case CallBuiltin(builtin=Builtin.STRING_CONCAT, arguments=arguments):
                return self._together([argument.value for argument in arguments])
            case LocalGet(local=local) if local.index in self._answers:
                return self._answer(self._answers[local.index])
            case LocalGet(local=local) if not self._may_grow(local):
                if self.is_parameter(local):
                    if not is_text(local.type):
                        return None
                    points = Formula.symbol(length_symbol(local.name))
                    return Formula.constant(POINT_BYTES_MAX) * points
                return self._of_only_assignment(local, self.bytes)
            case _:
                return None

    def _together(self, parts: Sequence[Expr]) -> Formula | None:
        total = Formula.constant(0)
        for part in parts:
            size = self.bytes(part)
            if size is None:
                return None
            total = total + size
        return total

    def _answer(self, node: CallHost) -> Formula | None:
        """Bounds the answer of a host call that answers with bytes."""
        if node.bytes_max is not None:
            return Formula.constant(node.bytes_max)
        return _known(ALL_CALLS[node.call].answer_bytes_max)

    def moved(self, node: CallHost) -> Formula | None:
        """Bounds the bytes that a host call transfers in both directions."""
        call = ALL_CALLS[node.call]
        given = [
            value
            for value, parameter in zip(node.arguments, call.parameters, strict=True)
            if parameter.wire is not Wire.INTEGER
        ]
        total = self._together(given)
        if total is None or call.answer is not Answer.BUFFER:
            return total
        answer = self._answer(node)
        return None if answer is None else total + answer

    def crossing(self, node: CallHost) -> dict[str, Formula | None]:
        """Bounds the quantities that the call is charged for."""
        return {MOVED: self.moved(node), ITEMS: self.given_items(node)}

    def given_items(self, node: CallHost) -> Formula | None:
        """Bounds the items of encoded arguments, if the call is charged for them."""
        total = Formula.constant(0)
        if not PRICES[node.call].item:
            return total
        parameters = ALL_CALLS[node.call].parameters
        for value, parameter in zip(node.arguments, parameters, strict=True):
            if parameter.wire is Wire.BYTES:
                items = self.items(value)
                if items is None:
                    return None
                total = total + items
        return total

    def items(self, node: Expr) -> Formula | None:
        """Bounds the items of an encoded value; None if they are unbounded."""
        match node:
            case Convert(conversion=Conversion.SAME_BITS, operand=operand):
                return self.items(operand)
            case Convert(conversion=Conversion.TO_DATA, operand=operand):
                if operand.type is Prim.DATA:
                    return self.items(operand)
                if is_text(operand.type):
                    return Formula.constant(1)
                found = encoded_max(self.program, operand.type)
                return None if found is None else Formula.constant(found.items)
            case Block(value=value) if value is not None:
                return self.items(value)
            case LocalGet(local=local) if not (self._may_grow(local) or self.is_parameter(local)):
                return self._of_only_assignment(local, self.items)
            case _:
                # An empty list is the heaviest item of one byte.
                size = self.bytes(node)
                return None if size is None else Formula.constant(CONTAINER_WEIGHT) * size

    def of_manifest(self, node: SubmitManifest) -> dict[str, Formula | None]:
        """Bounds the map of its fields."""
        size = Formula.constant(HEAD_BYTES)
        items = CONTAINER_WEIGHT
        for key, value in node.fields:
            if is_text(value.type):
                known, count = self.bytes(value), 1
            else:
                extent = encoded_max(self.program, value.type)
                known = None if extent is None else Formula.constant(extent.bytes)
                count = 0 if extent is None else extent.items
            if known is None:
                return {MOVED: None, ITEMS: None}
            size = size + known + Formula.constant(2 * HEAD_BYTES + len(key.encode()))
            items += 1 + count
        return {MOVED: size, ITEMS: Formula.constant(items)}

    def longest(self) -> Formula | Span:
        """Bounds all texts and Data here; returns the place of the first unbounded one."""
        total = Formula.constant(SHORT_BYTES_MAX)
        unknown: list[Span] = []
        for node in everything(self.function.body):
            if is_text(node.type) or node.type is Prim.DATA:
                size = self.bytes(node)
                if size is not None:
                    total = total.most(size)
                    continue
            elif not self._walks_texts(node):
                continue
            unknown.append(node.span)
        return min(unknown, key=lambda span: (span.file, span.start)) if unknown else total

    def _walks_texts(self, node: Expr) -> bool:
        """Returns whether it reads values that contain texts of any length."""
        match node:
            case Binary(left=left, right=right):
                parts = [left, right]
            case CallBuiltin(builtin=builtin, arguments=arguments):
                parts = [] if builtin in HANDS_ON else [each.value for each in arguments]
            case SubmitManifest(fields=fields):
                parts = [value for _, value in fields]
            case _:
                return _reads_no_parts(node)
        return any(not is_text(part.type) and holds_text(self.program, part.type) for part in parts)

    @property
    def _answers(self) -> dict[int, CallHost]:
        """By variable that only a pattern binds, the host call whose answer it is a part of."""
        if self._answer_bindings is None:
            self._answer_bindings = {
                local.index: node.subject
                for node in everything(self.function.body)
                if isinstance(node, MatchTag) and isinstance(node.subject, CallHost)
                for arm in node.arms
                for _, local in arm.bindings
                if local.index not in self.survey.written
            }
        return self._answer_bindings

    def size(self, node: Expr) -> Formula | None:
        """Bounds the magnitude of a number; None if it is unbounded."""
        match node:
            case ScalarConst(value=value):
                return Formula.constant(abs(value))
            case CallBuiltin(builtin=Builtin.ARRAY_LEN | Builtin.STRING_LENGTH, arguments=(only,)):
                return self.length(only.value)
            case Binary(op=BinaryOp.ADD | BinaryOp.SUBTRACT, left=left, right=right):
                a, b = self.size(left), self.size(right)
                return None if a is None or b is None else a + b
            case Binary(op=BinaryOp.MULTIPLY, left=left, right=right) if has_number(node):
                a, b = self.size(left), self.size(right)
                return None if a is None or b is None else a * b
            case Binary(op=BinaryOp.DIVIDE, left=left, right=ScalarConst()) if has_number(node):
                return self.size(left)
            case Binary(op=BinaryOp.REMAINDER, right=ScalarConst(value=value)):
                return Formula.constant(abs(value))
            case LocalGet(local=local):
                (low, high), _ = self.intervals.at(node)
                if max(-low, high) <= SMALL_MAX:
                    return Formula.constant(max(abs(low), abs(high)))
                if local.index not in self.survey.rebound and self.is_parameter(local):
                    return Formula.symbol(size_symbol(local.name))
                return self._of_only_assignment(local, self.size)
            case _:
                return None

    def _accumulator(self, function: str) -> Accumulator | None:
        if function not in self.accumulators:
            self.accumulators[function] = accumulator_of(self.program.functions[function])
        return self.accumulators[function]

    def has_other_values(self, local: Local) -> bool:
        """Returns whether it may hold a value that no assignment gave it."""
        return local.index in self.survey.bound or self.is_parameter(local)

    def is_parameter(self, local: Local) -> bool:
        return any(parameter.index == local.index for parameter in self.function.parameters)

    def _may_grow(self, local: Local) -> bool:
        changed = local.index in self.survey.changed or local.index in self.function.mutated
        return changed or (self.is_parameter(local) and local.index in self.survey.rebound)

    def _of_only_assignment(self, local: Local, measure: "Measure") -> Formula | None:
        assignments = self.assignments.get(local.index, [])
        if len(assignments) != 1 or self.has_other_values(local) or local.index in self._visiting:
            return None
        key = (measure.__name__, local.index)
        if key in self._measured:
            return self._measured[key]
        self._visiting.add(local.index)
        found = measure(assignments[0].value)
        self._visiting.discard(local.index)
        if not self._visiting:
            # (inside another variable's value this one's may have been cut off by a circle)
            self._measured[key] = found
        return found


def _reads_no_parts(_: Leaf | Operation | Jump | CallFunction | Block | MatchTag) -> bool:
    return False


class Measure(Protocol):
    __name__: str

    def __call__(self, node: Expr) -> Formula | None: ...


def has_length(local: Local) -> bool:
    return isinstance(local.type, Array) or is_text(local.type)


def has_number(node: Binary) -> bool:
    """Returns whether the operands are Integers, so that arithmetic on bounds is valid."""
    return all(str(part.type) == "Integer" for part in (node.left, node.right))


def _known(size: int | None) -> Formula | None:
    return None if size is None else Formula.constant(size)
