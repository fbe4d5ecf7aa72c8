"""Exports that reach state, wrapped: state is loaded, the body runs, state is written back.

Each variable has one function that loads it and one that writes it.

A call is atomic. What it loads is what it may read or change; it writes what it may have changed,
after the invariants that read any of that hold. A trap, or an Err as the value, writes nothing.

Before it loads anything it asks the host how the variables of the home differ from the program's:
only a migration gets over a difference that loses or changes any.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

from ccl.lowering.extents import encoded_bytes_max
from ccl.node import replace
from ccl.reach import NO_USE, StateIndex, Use, state_uses
from ccl.source import Span
from ccl.typed import (
    Argument,
    Binary,
    BinaryOp,
    Block,
    CallFunction,
    CallHost,
    Concat,
    Conversion,
    Convert,
    Evaluate,
    Export,
    Expr,
    Function,
    If,
    Invariant,
    Local,
    LocalGet,
    MatchTag,
    Program,
    Require,
    ScalarConst,
    SetLocal,
    SetState,
    ShortCircuit,
    State,
    StateGet,
    Statement,
    TagArm,
    TextConst,
)
from ccl.types import Option, Prim, Result, Type

OTHER_SHAPE = "stored in another shape"
GONE = "stored under a name that is gone"
SAME, NEW, OTHER = 0, 1, 2
"""How a home differs: not at all; by variables that are new; by what a migration is for."""
SHAPE_READ_BYTES = 512
"""Of a shape that is not this program's, so much is read to name it, or nothing."""
WRITTEN = Result(Prim.UNIT, Prim.STRING)


def with_state(program: Program) -> Program:
    """The program with every export that reaches state behind a function that keeps it."""
    if not program.states:
        return program
    uses = state_uses(program.functions)
    index = StateIndex(program, uses)
    functions = dict(program.functions)
    exports: list[Export] = []
    for export in program.exports:
        use = uses.get(export.function, NO_USE)
        if not use.touched:
            exports.append(export)
            continue
        function = program.functions[export.function]
        wrapper = _Wrapper(program, uses, index, function, use).made(export)
        functions[wrapper.id] = wrapper
        exports.append(replace(export, function=wrapper.id))
    for home, states in _homes(program).items():
        migrates = home in program.migrations
        made = [_comparing(home, states, migrates=migrates), _declaring(home, states)]
        for state in states:
            bytes_max = None if migrates else encoded_bytes_max(program, state.type)
            made += [_loading(state, bytes_max, migrates=migrates), _writing(state)]
            made.append(_checking(state))
        functions.update({each.id: each for each in made})
    return replace(program, functions=functions, exports=tuple(exports))


def _homes(program: Program) -> dict[str, list[State]]:
    """The variables of each home, in the order of their names."""
    homes: dict[str, list[State]] = {}
    for state in sorted(program.states.values(), key=lambda each: each.name):
        homes.setdefault(state.home, []).append(state)
    return homes


class _Wrapper:
    """One export in the making."""

    def __init__(
        self,
        program: Program,
        uses: Mapping[str, Use],
        index: StateIndex,
        function: Function,
        use: Use,
    ) -> None:
        self._program = program
        self._function = function
        self._locals: list[Local] = []
        self._written = use.written
        self._index = index
        self._checked = index.readers_of(use.written)
        loaded = set(use.touched)
        for invariant in self._checked:
            loaded |= uses[invariant.function].read
        self._difference: dict[str, Local] = {}
        """By home, how what is stored there differs."""
        self._restored: dict[str, set[str]] = {}
        """By such a home, what its migration may set: all of its variables, and others."""
        while self._open_home(loaded, uses):
            pass
        self._loaded = index.in_order(loaded)
        for state in self._loaded:
            self._opened(state.home, state.span)
        self._after: dict[str, list[Invariant]] = {
            home: [each for each in index.readers_of(restored) if each not in self._checked]
            for home, restored in self._restored.items()
        }

    def _opened(self, home: str, span: Span) -> None:
        if home not in self._difference:
            self._difference[home] = self._local(f"difference {home}", Prim.INTEGER, span)

    def _open_home(self, loaded: set[str], uses: Mapping[str, Use]) -> bool:
        """Add what the migration of one more home needs; whether there was one."""
        states = self._program.states
        for home, migration in self._program.migrations.items():
            if home in self._restored or not any(states[each].home == home for each in loaded):
                continue
            own = {each.id for each in states.values() if each.home == home}
            self._opened(home, self._program.functions[migration].span)
            use = uses.get(migration, NO_USE)
            self._restored[home] = own | use.written
            loaded |= own | use.touched
            for invariant in self._index.readers_of(self._restored[home]):
                loaded |= uses[invariant.function].read
            return True
        return False

    def _local(self, name: str, kind: Type, span: Span) -> Local:
        index = len(self._function.parameters) + len(self._locals)
        local = Local(index=index, name=name, type=kind, span=span)
        self._locals.append(local)
        return local

    def made(self, export: Export) -> Function:
        function = self._function
        before: list[Statement] = [
            SetLocal(
                local=local,
                value=_call(_compare_id(home), Prim.INTEGER, local.span),
                span=local.span,
            )
            for home, local in self._difference.items()
        ]
        before += [self._check_shape(each) for each in self._loaded if not self._migrates(each)]
        before += [_evaluated(_load_id(each), each.span) for each in self._loaded]
        before += [self._migrate(home) for home in self._restored]
        call = CallFunction(
            function=function.id,
            arguments=tuple(
                Argument(value=_get(each), mutated=each.index in function.mutated)
                for each in function.parameters
            ),
            type=function.result,
            span=function.span,
        )
        body = self._body(before, call)
        return Function(
            id=f"{export.name} kept",
            name=function.name,
            parameters=function.parameters,
            locals=tuple(self._locals),
            mutated=function.mutated,
            result=function.result,
            body=body,
            span=function.span,
        )

    def _body(self, before: list[Statement], call: CallFunction) -> Block:
        span, kind = call.span, call.type
        if kind is Prim.UNIT or kind is Prim.NEVER:
            run = Evaluate(value=call, span=span)
            after = () if kind is Prim.NEVER else self._after_body()
            return Block(statements=(*before, run, *after), value=None, type=kind, span=span)
        result = self._local("result", kind, span)
        keep = SetLocal(local=result, value=call, span=span)
        after = self._after_body()
        if isinstance(kind, Result):
            fine = Convert(
                conversion=Conversion.IS_OK, operand=_get(result), type=Prim.BOOL, span=span
            )
            after = (_when(fine, after),)
        return Block(statements=(*before, keep, *after), value=_get(result), type=kind, span=span)

    # --- before the body ---

    def _migrates(self, state: State) -> bool:
        return state.home in self._program.migrations

    def _check_shape(self, state: State) -> Statement:
        check = _evaluated(_check_id(state), state.span)
        return _when(self._is(state.home, OTHER), (check,))

    def _migrate(self, home: str) -> Statement:
        span = self._difference[home].span
        old = CallHost(
            call="host_read_contract", arguments=(_text(home, span),), type=Prim.DATA, span=span
        )
        call = CallFunction(
            function=self._program.migrations[home],
            arguments=(Argument(value=old, mutated=False),),
            type=Prim.UNIT,
            span=span,
        )
        return _when(self._is(home, OTHER), (Evaluate(value=call, span=span),))

    def _is(self, home: str, difference: int) -> Expr:
        local = self._difference[home]
        return _compared(BinaryOp.EQUAL, _get(local), difference, local.span)

    # --- after it ---

    def _after_body(self) -> tuple[Statement, ...]:
        done = [_check(each) for each in self._checked]
        for home, invariants in self._after.items():
            if invariants:
                done.append(_when(self._is(home, OTHER), [_check(i) for i in invariants]))
        done += [
            _evaluated(_write_id(each), each.span) for each in self._loaded if self._writes(each)
        ]
        for home, restored in self._restored.items():
            rest = [s for s in self._loaded if s.id in restored and not self._writes(s)]
            writes = [_evaluated(_write_id(each), each.span) for each in rest]
            if writes:
                done.append(_when(self._is(home, OTHER), writes))
        written = {each.home for each in self._loaded if self._writes(each)}
        for home, local in self._difference.items():
            declare = (_evaluated(_declare_id(home), local.span),)
            if home in written:
                done.append(_when(self._is(home, NEW), declare))
            if home in self._restored:
                done.append(_when(self._is(home, OTHER), declare))
        return tuple(done)

    def _writes(self, state: State) -> bool:
        return state.id in self._written


def _check(invariant: Invariant) -> Statement:
    holds = _call(invariant.function, Prim.BOOL, invariant.span)
    require = Require(
        condition=holds,
        message=None,
        article=invariant.article,
        span=invariant.span,
        reason=f'invariant "{invariant.text}" does not hold',
    )
    return Evaluate(value=require, span=invariant.span)


# --- one home ---------------------------------------------------------------------------


def _compare_id(home: str) -> str:
    return f"{home}// compare"


def _declare_id(home: str) -> str:
    return f"{home}// declare"


def _schema(home: str, states: Sequence[State]) -> tuple[Expr, Expr]:
    span = states[0].span
    lines = "\n".join(f"{each.name}: {each.shape}" for each in states)
    return _text(home, span), _text(lines, span)


def _comparing(home: str, states: Sequence[State], *, migrates: bool) -> Function:
    """How what is stored in a home differs; without a migration it traps where that loses any.

    A variable of another shape is for whoever loads it.
    """
    span = states[0].span
    answer = Local(index=0, name="difference", type=Prim.STRING, span=span)
    asked = CallHost(
        call="host_state_difference", arguments=_schema(home, states), type=Prim.STRING, span=span
    )
    keep = SetLocal(local=answer, value=asked, span=span)

    def answered(*words: str) -> Expr:
        found = [_compared(BinaryOp.EQUAL, _get(answer), word, span) for word in words]
        return reduce(_either, found)

    other: list[Statement] = []
    if not migrates:
        advice = _text("; declare fn migrate(old: Data)", span)
        refused = Require(
            condition=answered("changed"),
            message=Concat(parts=(_get(answer), advice), span=span),
            article=None,
            span=span,
            reason=GONE,
        )
        other.append(Evaluate(value=refused, span=span))
    new = answered("nothing") if migrates else answered("nothing", "added")
    value = _chosen(
        answered("same"),
        _block((), span, _number(SAME, span)),
        _chosen(
            new,
            _block((), span, _number(NEW, span)),
            _block(other, span, _number(OTHER, span)),
        ),
    )
    body = _block((keep,), span, value)
    return _function(_compare_id(home), f"compare {home}", body, (answer,))


def _declaring(home: str, states: Sequence[State]) -> Function:
    """Says which variables the home has from here on."""
    span = states[0].span
    call = CallHost(
        call="host_declare_state", arguments=_schema(home, states), type=WRITTEN, span=span
    )
    done = Convert(conversion=Conversion.UNWRAP_OK, operand=call, type=Prim.UNIT, span=span)
    body = _block((Evaluate(value=done, span=span),), span)
    return _function(_declare_id(home), f"declare {home}", body, ())


# --- one variable -----------------------------------------------------------------------


def _load_id(state: State) -> str:
    return f"{state.id} load"


def _check_id(state: State) -> str:
    return f"{state.id} check"


def _write_id(state: State) -> str:
    return f"{state.id} write"


def _loading(state: State, bytes_max: int | None, *, migrates: bool) -> Function:
    """`state = match stored { Some(data) => data as its type, None => its first value }`.

    Where a value of the type has so many bytes at most, no more are read: whatever else is
    stored there is none of it. With a migration, what was stored in another shape begins anew.
    """
    span = state.span
    data = Local(index=0, name="data", type=Prim.DATA, span=span)
    stored = CallHost(
        call="host_read_state",
        arguments=_key(state),
        type=Option(Prim.DATA),
        span=span,
        bytes_max=bytes_max,
    )
    value = _call(state.initial, state.type, span)
    first = _block((SetState(state=state.id, value=value, span=span),), span)
    read = _block((SetState(state=state.id, value=_as_type(_get(data), state), span=span),), span)
    there: Expr = _chosen(_shape_is_known(state), read, first) if migrates else read
    arms = (
        TagArm(tag=0, bindings=(), body=first),
        TagArm(tag=1, bindings=((0, data),), body=there),
    )
    match = MatchTag(subject=stored, arms=arms, otherwise=None, type=Prim.UNIT, span=span)
    body = _block((Evaluate(value=match, span=span),), span)
    return _function(_load_id(state), f"load {state.name}", body, (data,))


def _checking(state: State) -> Function:
    """Traps where the variable is stored in another shape."""
    body = _block((Evaluate(value=_same_shape(state), span=state.span),), state.span)
    return _function(_check_id(state), f"check {state.name}", body, ())


def _same_shape(state: State) -> Expr:
    parts = (
        _text(f"state `{state.name}` was stored as ", state.span),
        _stored_shape(state),
        _text(f", this program has {state.shape}; declare fn migrate(old: Data)", state.span),
    )
    absent = _compared(BinaryOp.EQUAL, _stored_shape(state), "", state.span)
    return Require(
        condition=_either(absent, _shape_is_known(state)),
        message=Concat(parts=parts, span=state.span),
        article=None,
        span=state.span,
        reason=OTHER_SHAPE,
    )


def _writing(state: State) -> Function:
    span = state.span
    value: Expr = StateGet(state=state.id, type=state.type, span=span)
    if state.type is not Prim.DATA:
        value = Convert(conversion=Conversion.TO_DATA, operand=value, type=Prim.DATA, span=span)
    arguments = (*_key(state), _text(state.shape, span), value)
    call = CallHost(call="host_write_state", arguments=arguments, type=WRITTEN, span=span)
    done = Convert(conversion=Conversion.UNWRAP_OK, operand=call, type=Prim.UNIT, span=span)
    body = _block((Evaluate(value=done, span=span),), span)
    return _function(_write_id(state), f"write {state.name}", body, ())


def _function(identity: str, name: str, body: Block, locals_: tuple[Local, ...]) -> Function:
    return Function(
        id=identity,
        name=name,
        parameters=(),
        locals=locals_,
        mutated=frozenset(),
        result=body.type,
        body=body,
        span=body.span,
    )


# --- short ways -------------------------------------------------------------------------


def _call(function: str, kind: Type, span: Span) -> CallFunction:
    return CallFunction(function=function, arguments=(), type=kind, span=span)


def _key(state: State) -> tuple[Expr, Expr]:
    return _text(state.home, state.span), _text(state.name, state.span)


def _stored_shape(state: State) -> Expr:
    return CallHost(
        call="host_state_shape",
        arguments=_key(state),
        type=Prim.STRING,
        span=state.span,
        bytes_max=max(SHAPE_READ_BYTES, len(state.shape.encode())),
    )


def _shape_is_known(state: State) -> Expr:
    return _compared(BinaryOp.EQUAL, _stored_shape(state), state.shape, state.span)


def _as_type(data: Expr, state: State) -> Expr:
    if state.type is Prim.DATA:
        return data
    return Convert(conversion=Conversion.DATA_TO, operand=data, type=state.type, span=state.span)


def _evaluated(function: str, span: Span) -> Statement:
    return Evaluate(value=_call(function, Prim.UNIT, span), span=span)


def _compared(op: BinaryOp, left: Expr, right: str | int, span: Span) -> Expr:
    value: Expr = _text(right, span) if isinstance(right, str) else _number(right, span)
    return Binary(op=op, left=left, right=value, type=Prim.BOOL, span=span)


def _either(left: Expr, right: Expr) -> Expr:
    return ShortCircuit(is_and=False, left=left, right=right, span=left.span)


def _chosen(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    return If(
        condition=condition,
        then=then,
        otherwise=otherwise,
        type=then.type,
        span=condition.span,
    )


def _when(condition: Expr, statements: Sequence[Statement]) -> Statement:
    span = condition.span
    then = _block(statements, span)
    chosen = If(condition=condition, then=then, otherwise=None, type=Prim.UNIT, span=span)
    return Evaluate(value=chosen, span=span)


def _block(statements: Sequence[Statement], span: Span, value: Expr | None = None) -> Block:
    kind = Prim.UNIT if value is None else value.type
    return Block(statements=tuple(statements), value=value, type=kind, span=span)


def _get(local: Local) -> LocalGet:
    return LocalGet(local=local, type=local.type, span=local.span)


def _text(value: str, span: Span) -> TextConst:
    return TextConst(value=value, type=Prim.STRING, span=span)


def _number(value: int, span: Span) -> ScalarConst:
    return ScalarConst(value=value, type=Prim.INTEGER, span=span)


def _bool(value: bool, span: Span) -> ScalarConst:
    return ScalarConst(value=int(value), type=Prim.BOOL, span=span)
