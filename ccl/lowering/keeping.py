"""Exports that reach state, wrapped: state is loaded, the body runs, state is written back.

Each variable has one function that loads it and one that writes it.

A call is atomic. What it loads is what it may read or change; it writes what it may have changed,
after the invariants that read any of that hold. A trap, or an Err as the value, writes nothing.
"""

from collections.abc import Mapping, Sequence

from ccl.lowering.extents import encoded_bytes_max
from ccl.node import replace
from ccl.reach import NO_USE, Use, state_uses
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
SHAPE_READ_BYTES = 512
"""Of a shape that is not this program's, so much is read to name it, or nothing."""
WRITTEN = Result(Prim.UNIT, Prim.STRING)


def with_state(program: Program) -> Program:
    """The program with every export that reaches state behind a function that keeps it."""
    if not program.states:
        return program
    uses = state_uses(program.functions)
    functions = dict(program.functions)
    exports: list[Export] = []
    for export in program.exports:
        use = uses.get(export.function, NO_USE)
        if not use.touched:
            exports.append(export)
            continue
        wrapper = _Wrapper(program, uses, program.functions[export.function], use).made(export)
        functions[wrapper.id] = wrapper
        exports.append(replace(export, function=wrapper.id))
    for state in program.states.values():
        migrates = state.home in program.migrations
        bytes_max = None if migrates else encoded_bytes_max(program, state.type)
        for made in (_loading(state, bytes_max, migrates=migrates), _writing(state)):
            functions[made.id] = made
    return replace(program, functions=functions, exports=tuple(exports))


class _Wrapper:
    """One export in the making."""

    def __init__(
        self, program: Program, uses: Mapping[str, Use], function: Function, use: Use
    ) -> None:
        self._program = program
        self._function = function
        self._locals: list[Local] = []
        self._written = use.written
        self._checked = [
            each
            for each in program.invariants
            if uses.get(each.function, NO_USE).read & use.written
        ]
        loaded = set(use.touched)
        for invariant in self._checked:
            loaded |= uses[invariant.function].read
        self._changed: dict[str, Local] = {}
        """By home with a migration, whether anything of it was stored in another shape."""
        self._restored: dict[str, set[str]] = {}
        """By such a home, what its migration may set: all of its variables, and others."""
        while self._open_home(loaded, uses):
            pass
        self._after: dict[str, list[Invariant]] = {
            home: [
                each
                for each in program.invariants
                if each not in self._checked and uses.get(each.function, NO_USE).read & restored
            ]
            for home, restored in self._restored.items()
        }
        self._loaded = [each for each in program.states.values() if each.id in loaded]

    def _open_home(self, loaded: set[str], uses: Mapping[str, Use]) -> bool:
        """Add what the migration of one more home needs; whether there was one."""
        states = self._program.states
        for home, migration in self._program.migrations.items():
            if home in self._changed or not any(states[each].home == home for each in loaded):
                continue
            own = {each.id for each in states.values() if each.home == home}
            span = self._program.functions[migration].span
            self._changed[home] = self._local(f"changed {home}", Prim.BOOL, span)
            use = uses.get(migration, NO_USE)
            self._restored[home] = own | use.written
            loaded |= own | use.touched
            for invariant in self._program.invariants:
                read = uses.get(invariant.function, NO_USE).read
                if read & self._restored[home]:
                    loaded |= read
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
            SetLocal(local=local, value=_bool(False, local.span), span=local.span)
            for local in self._changed.values()
        ]
        before += [self._load(state) for state in self._loaded]
        before += [self._migrate(home) for home in self._changed]
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

    def _load(self, state: State) -> Statement:
        changed = self._changed.get(state.home)
        if changed is None:
            return Evaluate(value=_call(_load_id(state), Prim.UNIT, state.span), span=state.span)
        load = _call(_load_id(state), Prim.BOOL, state.span)
        either = ShortCircuit(is_and=False, left=load, right=_get(changed), span=state.span)
        return SetLocal(local=changed, value=either, span=state.span)

    def _migrate(self, home: str) -> Statement:
        changed = self._changed[home]
        span = changed.span
        old = CallHost(
            call="host_read_contract", arguments=(_text(home, span),), type=Prim.DATA, span=span
        )
        call = CallFunction(
            function=self._program.migrations[home],
            arguments=(Argument(value=old, mutated=False),),
            type=Prim.UNIT,
            span=span,
        )
        return _when(_get(changed), (Evaluate(value=call, span=span),))

    # --- after it ---

    def _after_body(self) -> tuple[Statement, ...]:
        done = [_check(each) for each in self._checked]
        for home, invariants in self._after.items():
            if invariants:
                done.append(_when(_get(self._changed[home]), [_check(i) for i in invariants]))
        done += [_write(each) for each in self._loaded if each.id in self._written]
        for home, restored in self._restored.items():
            rest = [s for s in self._loaded if s.id in restored and s.id not in self._written]
            if rest:
                done.append(_when(_get(self._changed[home]), [_write(each) for each in rest]))
        return tuple(done)


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


def _write(state: State) -> Statement:
    return Evaluate(value=_call(_write_id(state), Prim.UNIT, state.span), span=state.span)


# --- one variable -----------------------------------------------------------------------


def _load_id(state: State) -> str:
    return f"{state.id} load"


def _write_id(state: State) -> str:
    return f"{state.id} write"


def _loading(state: State, bytes_max: int | None, *, migrates: bool) -> Function:
    """`state = match stored { Some(data) => data as its type, None => its first value }`.

    Where a value of the type has so many bytes at most, no more are read: whatever else is
    stored there is none of it.

    With a migration it says whether something was stored in another shape; else that traps.
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
    first = SetState(state=state.id, value=value, span=span)
    read = SetState(state=state.id, value=_as_type(_get(data), state), span=span)
    there: Expr
    if migrates:
        there = If(
            condition=_shape_is_known(state),
            then=_block((read,), span, _bool(False, span)),
            otherwise=_block((first,), span, _bool(True, span)),
            type=Prim.BOOL,
            span=span,
        )
    else:
        there = _block((Evaluate(value=_same_shape(state), span=span), read), span)
    absent = _block((first,), span, _bool(False, span) if migrates else None)
    arms = (
        TagArm(tag=0, bindings=(), body=absent),
        TagArm(tag=1, bindings=((0, data),), body=there),
    )
    match = MatchTag(subject=stored, arms=arms, otherwise=None, type=there.type, span=span)
    if migrates:
        body = _block((), span, match)
    else:
        body = _block((Evaluate(value=match, span=span),), span)
    return _function(_load_id(state), f"load {state.name}", body, (data,))


def _same_shape(state: State) -> Expr:
    parts = (
        _text(f"state `{state.name}` was stored as ", state.span),
        _stored_shape(state),
        _text(f", this program has {state.shape}; declare fn migrate(old: Data)", state.span),
    )
    return Require(
        condition=_shape_is_known(state),
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
    return Binary(
        op=BinaryOp.EQUAL,
        left=_stored_shape(state),
        right=_text(state.shape, state.span),
        type=Prim.BOOL,
        span=state.span,
    )


def _as_type(data: Expr, state: State) -> Expr:
    if state.type is Prim.DATA:
        return data
    return Convert(conversion=Conversion.DATA_TO, operand=data, type=state.type, span=state.span)


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


def _bool(value: bool, span: Span) -> ScalarConst:
    return ScalarConst(value=int(value), type=Prim.BOOL, span=span)
