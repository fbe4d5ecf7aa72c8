"""Exports that reach state, wrapped: state is loaded, the body runs, state is written back.

Each variable has one function that loads it and one that writes it.

A call is atomic. What it loads is what it may read or change; it writes what it may have changed,
after the invariants that read any of that hold. A trap, or an Err as the value, writes nothing.

Before the call loads anything, the host compares the variables of the home with the program's: a
difference that loses or changes any needs a migration.
"""

from collections.abc import Mapping

from ccl.analysis.sizes.encoded_size import encoded_bytes_max
from ccl.analysis.state_effects import NO_USE, StateIndex, state_uses
from ccl.analysis.survey import Use
from ccl.ir import builders
from ccl.ir.typed import (
    Argument,
    BinaryOp,
    Block,
    CallFunction,
    CallHost,
    Conversion,
    Convert,
    Evaluate,
    Export,
    Expr,
    Function,
    Invariant,
    Local,
    Program,
    Require,
    SetLocal,
    State,
    Statement,
)
from ccl.ir.types import Prim, Result, Type
from ccl.passes.state_access import (
    NEW,
    OTHER,
    compare_id,
    declare_id,
    home_comparison,
    home_declaration,
    load_id,
    loader,
    write_id,
    writer,
)
from ccl.passes.state_changes import (
    any_changed_id,
    any_shape_check,
    check_id,
    is_proposals,
    refusals,
    shape_check,
    shape_guard,
)
from ccl.passes.state_removals import vote_guard, vote_guard_id
from ccl.source.spans import Span
from ccl.support.node import replace


def with_state(program: Program) -> Program:
    """Puts every export that reaches state behind a function that loads and writes it."""
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
        made = [home_comparison(home, states, migrates=migrates), home_declaration(home, states)]
        made += map(shape_check, states)
        left = [each for each in states if not _is_migrated(program, uses, each)]
        if left:
            made += refusals(home, left, migrates=migrates)
            made += [shape_guard(each) for each in left if not is_proposals(each)]
        if any(map(is_proposals, states)):
            made.append(any_shape_check(home, states))
        if migrates:
            made.append(vote_guard(home, states))
        for state in states:
            bytes_max = None if migrates else encoded_bytes_max(program, state.type)
            made += [loader(state, bytes_max, migrates=migrates), writer(state)]
        functions.update({each.id: each for each in made})
    return replace(program, functions=functions, exports=tuple(exports))


def wrapper_id(export: Export) -> str:
    return f"{export.name} with state"


def _homes(program: Program) -> dict[str, list[State]]:
    """Returns the variables of each home, in the order of their names."""
    homes: dict[str, list[State]] = {}
    for state in sorted(program.states.values(), key=lambda each: each.name):
        homes.setdefault(state.home, []).append(state)
    return homes


def _is_migrated(program: Program, uses: Mapping[str, Use], state: State) -> bool:
    """Returns whether a migration sets the variable, in whatever shape it was stored."""
    migration = program.migrations.get(state.home)
    if migration is None or is_proposals(state):
        return False
    return state.id in uses.get(migration, NO_USE).written


class _Wrapper:
    """The wrapper of one export under construction."""

    def __init__(
        self,
        program: Program,
        uses: Mapping[str, Use],
        index: StateIndex,
        function: Function,
        use: Use,
    ) -> None:
        self._program = program
        self._uses = uses
        self._function = function
        self._locals: list[Local] = []
        self._written = use.written
        self._index = index
        self._checked = index.readers_of(use.written)
        loaded = set(use.touched)
        for invariant in self._checked:
            loaded |= uses[invariant.function].read
        self._difference: dict[str, Local] = {}
        """By home, the local with the difference of the stored variables."""
        self._restored: dict[str, set[str]] = {}
        """By home with a migration, the variables that it may set: all of the home, and others."""
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
        """Adds the variables that one more migration needs; returns whether there was one."""
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
                value=builders.call(compare_id(home), Prim.INTEGER, local.span),
                span=local.span,
            )
            for home, local in self._difference.items()
        ]
        before += [
            self._check_shape(each)
            for each in self._loaded
            if not (is_proposals(each) or _is_migrated(self._program, self._uses, each))
        ]
        before += [builders.call_statement(load_id(each), each.span) for each in self._loaded]
        before += [self._migrate(home) for home in self._restored]
        call = CallFunction(
            function=function.id,
            arguments=tuple(
                Argument(value=builders.read(each), mutated=each.index in function.mutated)
                for each in function.parameters
            ),
            type=function.result,
            span=function.span,
        )
        body = self._body(before, call)
        return Function(
            id=wrapper_id(export),
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
                conversion=Conversion.IS_OK,
                operand=builders.read(result),
                type=Prim.BOOL,
                span=span,
            )
            after = (builders.if_(fine, after),)
        return Block(
            statements=(*before, keep, *after), value=builders.read(result), type=kind, span=span
        )

    # --- before the body ---

    def _check_shape(self, state: State) -> Statement:
        check = builders.call_statement(check_id(state), state.span)
        return builders.if_(self._is(state.home, OTHER), (check,))

    def _migrate(self, home: str) -> Statement:
        span = self._difference[home].span
        old = self._local(f"old {home}", Prim.DATA, span)
        stored = CallHost(
            call="host_read_contract",
            arguments=(builders.text(home, span),),
            type=Prim.DATA,
            span=span,
        )

        def given_old(function: str) -> Statement:
            arguments = (Argument(value=builders.read(old), mutated=False),)
            call = CallFunction(function=function, arguments=arguments, type=Prim.UNIT, span=span)
            return Evaluate(value=call, span=span)

        return builders.if_(
            self._is(home, OTHER),
            (
                SetLocal(local=old, value=stored, span=span),
                given_old(vote_guard_id(home)),
                given_old(self._program.migrations[home]),
            ),
        )

    def _is(self, home: str, difference: int) -> Expr:
        local = self._difference[home]
        return builders.comparison(BinaryOp.EQUAL, builders.read(local), difference, local.span)

    # --- after it ---

    def _after_body(self) -> tuple[Statement, ...]:
        done = [_check(each) for each in self._checked]
        for home, invariants in self._after.items():
            if invariants:
                done.append(builders.if_(self._is(home, OTHER), [_check(i) for i in invariants]))
        done += [
            builders.call_statement(write_id(each), each.span)
            for each in self._loaded
            if self._writes(each)
        ]
        for home, restored in self._restored.items():
            rest = [s for s in self._loaded if s.id in restored and not self._writes(s)]
            writes = [builders.call_statement(write_id(each), each.span) for each in rest]
            if writes:
                done.append(builders.if_(self._is(home, OTHER), writes))
        written = {each.home for each in self._loaded if self._writes(each)}
        for home, local in self._difference.items():
            declare = (builders.call_statement(declare_id(home), local.span),)
            if home in written:
                done.append(builders.if_(self._is(home, NEW), declare))
            if home in self._restored:
                done.append(builders.if_(self._is(home, OTHER), declare))
            elif any(self._carries(each, home) for each in self._loaded):
                changed = builders.call(any_changed_id(home), Prim.BOOL, local.span)
                settled = builders.if_(builders.not_(changed), declare)
                done.append(builders.if_(self._is(home, OTHER), (settled,)))
        return tuple(done)

    def _carries(self, state: State, home: str) -> bool:
        return state.home == home and is_proposals(state) and self._writes(state)

    def _writes(self, state: State) -> bool:
        return state.id in self._written


def _check(invariant: Invariant) -> Statement:
    holds = builders.call(invariant.function, Prim.BOOL, invariant.span)
    require = Require(
        condition=holds,
        message=None,
        article=invariant.article,
        span=invariant.span,
        reason=f'invariant "{invariant.text}" does not hold',
    )
    return Evaluate(value=require, span=invariant.span)
