"""A reference interpreter of the typed tree: what a program means, as plainly as it can be said.

Values are Python's: int, bool, str, None for Unit; `Record` for structs, `Tagged` for variants,
list and dict. Values copy by being copied whole; a changed parameter is the caller's object.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from typed_builtins import changing, reading
from typed_numbers import Stopped, binary, decimal_text, in_range
from typed_values import Record, Tagged, copy_of, element, plain

from ccl.ir import typed as t
from ccl.ir.types import Array, Map, Prim, Result, Struct, Type
from ccl.ir.visit import root_of


class _Leave(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


def never(_name: str, _values: tuple[Any, ...]) -> str | None:
    """The rule of a host that refuses nothing."""
    return None


class Interpreter:
    def __init__(
        self,
        program: t.Program,
        refusal: Callable[[str, tuple[Any, ...]], str | None] = never,
    ) -> None:
        self.program = program
        self.refusal = refusal
        """Why the host refuses a call with these values, if it does."""
        self.states: dict[str, Any] = {}
        """By id of the variable: between exports, what is stored."""
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        """Of the host, in order, those before a trap too; Data as it is decoded."""

    @property
    def events(self) -> list[tuple[str, Any]]:
        """What was emitted: names and data."""
        return [(values[0], values[1]) for name, values in self.calls if name == "host_emit"]

    def export(self, name: str, *arguments: Any) -> Any:
        """A call from outside, which is atomic: a trap leaves everything as it was."""
        function = next(each.function for each in self.program.exports if each.name == name)
        before = copy_of(self.states)
        for state in self.program.states.values():
            if state.id not in self.states:
                self.states[state.id] = self.call(state.initial)
        loaded = copy_of(self.states)
        try:
            value = self.call(function, *arguments)
            for invariant in self.program.invariants:
                if self.states != loaded and not self.call(invariant.function):
                    raise Stopped(f'invariant "{invariant.text}" does not hold')
        except Stopped:
            self.states = before
            raise
        return value

    def call(self, name: str, *arguments: Any) -> Any:
        function = self.program.functions[name]
        frame = dict(zip((p.index for p in function.parameters), arguments, strict=True))
        try:
            return _Activation(self, frame).value(function.body)
        except _Leave as leave:
            return leave.value


class _Activation:
    """One call: the values of its locals by index."""

    def __init__(self, machine: Interpreter, frame: dict[int, Any]) -> None:
        self.machine = machine
        self.frame = frame

    # --- expressions ---

    def copied(self, node: t.Expr) -> Any:
        return copy_of(self.value(node))

    def value(self, node: t.Expr) -> Any:
        match node:
            case t.ScalarConst(value=value, type=kind):
                return bool(value) if kind is Prim.BOOL else value
            case t.TextConst(value=value):
                return value
            case t.UnitConst():
                return None
            case t.LocalGet(local=local):
                return self.frame[local.index]
            case t.StateGet(state=state):
                return self.machine.states[state]
            case t.FieldGet(base=base, index=index):
                return self.value(base).fields[index]
            case t.IndexGet(base=base, index=index):
                container = self.copied(base)
                return element(container, self.value(index))
            case t.StructNew(values=values, order=order):
                found = {i: self.copied(values[i]) for i in order}
                return Record([found[i] for i in range(len(values))])
            case t.VariantNew(tag=tag, payload=payload):
                return Tagged(tag, [self.copied(p) for p in payload])
            case t.ArrayNew(elements=elements):
                return [self.copied(e) for e in elements]
            case t.Concat(parts=parts):
                return "".join([self.value(p) for p in parts])
            case t.Convert():
                return self._convert(node)
            case t.Unary(op=t.UnaryOp.NOT, operand=operand):
                return not self.value(operand)
            case t.Unary(operand=operand, type=kind):
                return in_range(-self.value(operand), kind, "-")
            case t.Binary():
                left = self.copied(node.left)
                right = self.value(node.right)
                return binary(node.op, left, right, node.left.type, node.type)
            case t.ShortCircuit(is_and=is_and, left=left, right=right):
                first = self.value(left)
                return self.value(right) if first == is_and else first
            case t.CallFunction():
                return self._call(node)
            case t.CallBuiltin():
                return self._builtin(node)
            case t.CallHost():
                return self._host(node)
            case t.DataNew():
                return self._record(node)
            case t.Block(statements=statements, value=value):
                for statement in statements:
                    self.run(statement)
                return None if value is None else self.copied(value)
            case t.If(condition=condition, then=then, otherwise=otherwise):
                if self.value(condition):
                    return self.copied(then)
                return None if otherwise is None else self.copied(otherwise)
            case t.Return(value=value):
                raise _Leave(None if value is None else self.copied(value))
            case t.Break():
                raise _Break
            case t.Continue():
                raise _Continue
            case t.Require(condition=condition):
                if not self.value(condition):
                    raise Stopped(node.reason)
                return None
            case t.MatchTag():
                return self._match(node)
            case t.DataGet() | t.SubmitManifest():
                raise AssertionError("Data to read and jobs come from a host; programs have none")
            case _:
                assert_never(node)

    def _convert(self, node: t.Convert) -> Any:
        value = self.value(node.operand)
        match node.conversion:
            case t.Conversion.TO_STRING:
                match node.operand.type:
                    case Prim.DECIMAL:
                        return decimal_text(value)
                    case Prim.DURATION:
                        return f"{value}s"
                    case Prim.TIMESTAMP:
                        return _moment(value)
                return str(value).lower() if isinstance(value, bool) else str(value)
            case t.Conversion.TO_DATA:
                return plain(value, node.operand.type, self.machine.program)
            case t.Conversion.UNWRAP_OK if value.tag == 0:
                return value.payload[0]
            case t.Conversion.UNWRAP_OK:
                raise Stopped("unhandled Err")
            case t.Conversion.IS_OK:
                return value.tag == 0
            case t.Conversion.IS_SOME:
                return value.tag == 1
            case t.Conversion.SAME_BITS:
                return value
            case t.Conversion.INTEGER_TO_DECIMAL:
                return in_range(value * 10**6, node.type, "the conversion of an Integer")
            case t.Conversion.STRING_TO_DID | t.Conversion.STRING_TO_CID | t.Conversion.DATA_TO:
                raise AssertionError("DIDs, CIDs and Data come from a host; programs have none")
            case _:
                assert_never(node.conversion)

    def _host(self, node: t.CallHost) -> Any:
        """The calls that ask for something to be done, and answer at most whether it is."""
        values = tuple([self.copied(each) for each in node.arguments])
        self.machine.calls.append((node.call, values))
        match node.type:
            case Prim.UNIT:
                return None
            case Result(ok=Prim.UNIT):
                reason = self.machine.refusal(node.call, values)
                return Tagged(0, [None]) if reason is None else Tagged(1, [reason])
            case _:
                raise AssertionError(f"programs call their host for effects alone, not {node.call}")

    def _record(self, node: t.DataNew) -> Any:
        made = {}
        for key, part in node.fields:
            found = plain(self.copied(part), part.type, self.machine.program)
            if key not in node.optional or found is not None:
                made[key] = found
        return made

    def _match(self, node: t.MatchTag) -> Any:
        subject = self.copied(node.subject)
        for arm in node.arms:
            if arm.tag == subject.tag:
                for position, local in arm.bindings:
                    self.frame[local.index] = subject.payload[position]
                return self.copied(arm.body)
        assert node.otherwise is not None
        return self.copied(node.otherwise)

    def _call(self, node: t.CallFunction) -> Any:
        settled: list[Any] = []
        for argument in node.arguments:
            if argument.mutated:
                settled.append(self._keys(argument.value))
            else:
                settled.append(self.copied(argument.value))
        values = [
            self._object(argument.value, found) if argument.mutated else found
            for argument, found in zip(node.arguments, settled, strict=True)
        ]
        return copy_of(self.machine.call(node.function, *values))

    def _keys(self, node: t.Expr) -> Any:
        """The keys along a place, in order; a fresh value in a tuple."""
        if root_of(node) is None:
            return (self.copied(node),)
        match node:
            case t.FieldGet(base=base):
                return self._keys(base)
            case t.IndexGet(base=base, index=index):
                return [*self._keys(base), self.value(index)]
            case _:
                return []

    def _object(self, node: t.Expr, keys: Any) -> Any:
        """The object of a place whose keys are known."""
        if isinstance(keys, tuple):
            return keys[0]
        match node:
            case t.LocalGet(local=local):
                return self.frame[local.index]
            case t.StateGet(state=state):
                return self.machine.states[state]
            case t.FieldGet(base=base, index=index):
                return self._object(base, keys).fields[index]
            case t.IndexGet(base=base):
                return element(self._object(base, keys[:-1]), keys[-1])
            case _:
                raise AssertionError("a place")

    def _builtin(self, node: t.CallBuiltin) -> Any:
        first = node.arguments[0] if node.arguments else None
        if first is not None and first.mutated:
            keys = self._keys(first.value)
            rest = [self.copied(a.value) for a in node.arguments[1:]]
            return changing(node.builtin, self._object(first.value, keys), rest)
        return reading(node.builtin, [self.copied(a.value) for a in node.arguments], node.type)

    # --- statements ---

    def run(self, statement: t.Statement) -> None:
        match statement:
            case t.SetLocal(local=local, value=value):
                self.frame[local.index] = self.copied(value)
            case t.SetState(state=state, value=value):
                self.machine.states[state] = self.copied(value)
            case t.Evaluate(value=value):
                self.value(value)
            case t.Store():
                self._store(statement)
            case t.While(condition=condition, body=body):
                while self.value(condition):
                    if not self._once(body):
                        break
            case t.ForEach(item=item, iterable=iterable, body=body):
                for each in self.copied(iterable):
                    self.frame[item.index] = each
                    if not self._once(body):
                        break
            case t.ForPairs(key=key, value=value, iterable=iterable, body=body):
                for k, v in self.copied(iterable).items():
                    self.frame[key.index], self.frame[value.index] = k, v
                    if not self._once(body):
                        break

    def _written_type(self, step: t.Step) -> Type:
        match step.of:
            case Struct(id=struct_id) if isinstance(step, t.FieldStep):
                return self.machine.program.structs[struct_id].fields[step.index][1]
            case Array(element=part) | Map(value=part):
                return part
            case _:
                raise AssertionError("a step leads into a struct, an array or a map")

    def _once(self, body: t.Block) -> bool:
        """Run a loop's body; False to leave the loop."""
        try:
            self.value(body)
        except _Break:
            return False
        except _Continue:
            pass
        return True

    def _store(self, statement: t.Store) -> None:
        keys = [
            self.value(step.index) if isinstance(step, t.IndexStep) else step.index
            for step in statement.steps
        ]
        last = keys[-1]
        if statement.op is not None:
            old = _part(self._container(statement.root, keys), last)
            kind = self._written_type(statement.steps[-1])
            value = binary(statement.op, old, self.copied(statement.value), kind, kind)
        else:
            value = self.copied(statement.value)
        place = self._container(statement.root, keys)
        if isinstance(place, Record):
            place.fields[last] = value
        else:
            if isinstance(place, list):
                element(place, last)
            place[last] = value

    def _container(self, root: t.Local | t.StateGet, keys: Sequence[Any]) -> Any:
        """What holds the last part of a path."""
        if isinstance(root, t.StateGet):
            place = self.machine.states[root.state]
        else:
            place = self.frame[root.index]
        for key in keys[:-1]:
            place = _part(place, key)
        return place


def _moment(seconds: int) -> str:
    try:
        found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        raise Stopped("only times of the years 1 to 9999 are written as text") from None
    return found.isoformat().replace("+00:00", "Z")


def _part(place: Any, key: Any) -> Any:
    return place.fields[key] if isinstance(place, Record) else element(place, key)
