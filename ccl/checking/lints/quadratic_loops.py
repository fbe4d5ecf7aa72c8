"""Warnings about loops that copy a whole collection in every iteration, in quadratic time.

A loop counts for a variable that is declared outside of it and not set anew in each iteration. A
function that such a loop calls is in the loop, too, with the state and the arguments that it
mutates. Loops of few iterations, and windows of few elements, are left alone.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.functions.instances import struct_of
from ccl.checking.lints.copies import GROWING, Copies
from ccl.checking.lints.loops import Loop, Root, counts_few, is_window, map_of, reads
from ccl.checking.lints.variables import FEW, Callees, Copied, Copy
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.typed import Builtin, Expr
from ccl.ir.types import Struct
from ccl.ir.visit import children, everything, path_of, statement_children
from ccl.source.spans import Span
from ccl.support.node import Node, Record, field

_OF_ONE = {
    "std/core/first": "first",
    "std/core/at": "first",
    "std/core/is_empty": "size",
}
"""Functions of the library that need one element of an array, or its length."""


_Loops: TypeAlias = tuple[Loop, ...]


def report_growth(checker: Checker, functions: Mapping[str, typed.Function]) -> None:
    """Reports each such place once, however many instances a function has."""
    if checker.sink.has_errors:
        return
    search = _Search(checker=checker, copies=Copies(functions, _callees(checker)))
    for function in functions.values():
        here = search.copies.of(function)
        search.few.update(
            (callee, number) for callee, number, value in here.given if here.is_few(value)
        )
    for function in functions.values():
        here = search.copies.of(function)
        if here.has_loops:
            _Walk(search, here, ()).expression(function.body, ())
    done: dict[str, frozenset[int]] = {}
    while search.called:
        name, carried = search.called.popitem()
        before = done.get(name)
        if before is not None and carried <= before:
            continue
        done[name] = carried = carried | (before or frozenset())
        function = functions[name]
        loops = (Loop(function.span, carried=carried),)
        _Walk(search, search.copies.of(function), loops).expression(function.body, loops)


def _callees(checker: Checker) -> Callees:
    declared: dict[str, str] = {}
    of_one_call: set[str] = set()
    for signature in checker.signatures.values():
        declared[signature.id] = checker.function_id(signature.scope, signature.item.name.text)
        around: Signature | None = signature
        while around is not None and around.made_in is None and around.written_in is not None:
            around = checker.signatures.get(around.written_in)
        if around is not None and around.made_in is not None:
            of_one_call.add(signature.id)
    return Callees(declared=declared, of_one_call=of_one_call)


class _Search(Record, kw_only=True):
    checker: Checker
    copies: Copies
    called: dict[str, frozenset[int]] = field(default_factory=dict)
    """Functions that a loop calls, with the parameters that carry over between its iterations."""
    few: set[tuple[str, int]] = field(default_factory=set)
    """Parameters of instances made for one call, which passes them few elements."""
    reported: set[Span] = field(default_factory=set)

    def report(self, name: str, copy: Copy, at: Span) -> None:
        """Reports it in the file of the loop, or of a function that is passed to one."""
        library = self.checker.imported_library_files
        span = copy.span if at.file in library else at
        if span.file in library or span in self.reported:
            return
        self.reported.add(span)
        advice = "inline" if at.file in library and "call" in copy.advice else copy.advice
        elsewhere = copy.span.file not in library and not (
            copy.span.file == span.file and span.start <= copy.span.start < span.end
        )
        labels = (Label(copy.span, "copied here"),) if elsewhere else ()
        self.checker.sink.report("CCL0915", span, name=name, advice=advice, labels=labels)


class _Walk(Node, frozen=True):
    search: _Search
    here: Copied
    base: _Loops
    """The loops around calls of the function itself."""

    def expression(self, node: Expr, loops: _Loops) -> None:
        match node:
            case typed.Block(statements=statements, value=value):
                loops = self._left(node, loops)
                for each in statements:
                    self._statement(each, loops)
                if value is not None:
                    self.expression(value, loops)
                return
            case typed.If(condition=condition, then=then, otherwise=otherwise):
                self.expression(condition, loops)
                self.expression(then, () if is_window(condition) else loops)
                if otherwise is not None:
                    self.expression(otherwise, loops)
                return
            case typed.CallFunction() if loops:
                self._call(node, loops)
            case typed.CallBuiltin() | typed.IndexGet() if loops:
                self._whole(node, loops)
            case _:  # its parts may be reported
                pass
        for child in children(node):
            self.expression(child, loops)

    def _statement(self, statement: typed.Statement, loops: _Loops) -> None:
        match statement:
            case typed.While(condition=condition, body=body):
                inner = self._around(statement, loops)
                self.expression(condition, inner)
                self.expression(body, inner)
                return
            case (
                typed.ForEach(iterable=iterable, body=body)
                | typed.ForPairs(iterable=iterable, body=body)
            ):
                if any(map(_leaves, body.statements)):
                    self._column(iterable, "first", iterable.span, loops)
                self.expression(iterable, loops)
                self.expression(body, self._around(statement, loops))
                return
            case typed.SetLocal(local=local, value=value) if loops:
                self._set(local, (), value, statement.span, loops)
                self._first_of(local, value, loops)
            case typed.SetState(state=state, value=value) if loops:
                self._set(state, (), value, statement.span, loops)
            case typed.Store(root=root, steps=steps, op=None, value=value) if loops:
                of = root if isinstance(root, typed.Local) else root.state
                span = Span(statement.span.file, statement.span.start, value.span.end)
                self._set(of, steps, value, span, loops)
            case typed.Evaluate() | typed.SetLocal() | typed.SetState() | typed.Store():
                pass
            case _:
                assert_never(statement)
        for child in statement_children(statement):
            self.expression(child, loops)

    def _around(self, loop: typed.While | typed.ForEach | typed.ForPairs, loops: _Loops) -> _Loops:
        if self._is_short(loop):
            return loops
        anew: set[Root] = set()
        for each in loop.body.statements:
            match each:
                case typed.SetLocal(local=local) if self._is_anew(each.value, local.index):
                    anew.add(local.index)
                case typed.SetState(state=state) if self._is_anew(each.value, state):
                    anew.add(state)
                case _:
                    pass
        keys: frozenset[int] = frozenset()
        if isinstance(loop, typed.ForPairs):
            keys = frozenset({loop.key.index})
        elif (
            isinstance(loop, typed.ForEach) and map_of(loop.iterable, self.here.callees) is not None
        ):
            keys = frozenset({loop.item.index})
        written = {
            each.local.index
            for node in everything(loop.body)
            if isinstance(node, typed.Block)
            for each in node.statements
            if isinstance(each, typed.SetLocal)
        }
        return (*loops, Loop(loop.span, frozenset(anew), keys, frozenset(written)))

    def _is_anew(self, value: Expr, root: Root) -> bool:
        """Returns whether a variable keeps nothing of its earlier value."""
        of = self.search.copies.of_place(self.here, value, _place(root))
        return of is None and not reads(value, root)

    def _is_short(self, loop: typed.While | typed.ForEach | typed.ForPairs) -> bool:
        """Returns whether a loop has few iterations: over a literal, to a small number, or halving
        one."""
        if isinstance(loop, typed.While):
            return counts_few(loop)
        match loop.iterable:
            case typed.CallFunction(arguments=arguments) if arguments:
                return all(
                    isinstance(each.value, typed.ScalarConst) and each.value.value <= FEW
                    for each in arguments
                )
            case typed.LocalGet(local=local) if (self.here.function.id, local.index) in (
                self.search.few
            ):
                return True
            case iterable:
                return self.here.is_few(iterable)

    def _left(self, block: typed.Block, loops: _Loops) -> _Loops:
        """Returns the loops that go on after a block."""
        for each in block.statements:
            match each:
                case typed.Evaluate(value=typed.Return()):
                    return self.base
                case _ if _leaves(each):
                    return loops[: max(len(self.base), len(loops) - 1)]
                case _:
                    pass
        return loops

    # --- what is copied ---

    def _set(
        self,
        root: typed.Local | str,
        steps: Sequence[typed.Step],
        value: Expr,
        span: Span,
        loops: _Loops,
    ) -> None:
        around = [loop for loop in loops if loop.keeps(root)]
        if not around:
            return
        place: object = _place(root.index if isinstance(root, typed.Local) else root)
        for step in steps:
            if isinstance(step, typed.IndexStep):
                place = ("IndexGet", place, self.here.shape(step.index))
            else:
                place = ("FieldGet", place, step.index)
        copy = self.search.copies.of_place(self.here, value, place)
        if copy is None:
            return
        growing = copy.advice in GROWING
        if any(loop.comes_back(steps, growing=growing) for loop in around):
            self.search.report(self._shown(root, steps), copy, span)

    def _whole(self, node: typed.CallBuiltin | typed.IndexGet, loops: _Loops) -> None:
        """Reports `m.keys()[0]`, `m.keys().length()`, `m.keys().contains(k)`."""
        match node:
            case typed.IndexGet(base=base):
                advice = "first"
            case typed.CallBuiltin(builtin=Builtin.ARRAY_LEN, arguments=(only,)):
                base, advice = only.value, "size"
            case typed.CallBuiltin(builtin=Builtin.ARRAY_CONTAINS, arguments=(whole, _)):
                base, advice = whole.value, "has"
                if not _is_column(base, Builtin.MAP_KEYS):
                    return
            case typed.CallBuiltin(builtin=Builtin.MAP_INSERT, arguments=(whole, key, value)):
                path = path_of(whole.value)
                if path is not None:
                    root = path[0]
                    step = typed.IndexStep(index=key.value, of=whole.value.type, span=node.span)
                    of = root.state if isinstance(root, typed.StateGet) else root
                    self._set(of, (*path[1], step), value.value, node.span, loops)
                return
            case _:
                return
        self._column(base, advice, node.span, loops)

    def _first_of(self, local: typed.Local, value: Expr, loops: _Loops) -> None:
        """Reports `let keys = m.keys();` of which only single elements are read."""
        if map_of(value, self.here.callees) is not None and not self.here.is_read_whole(local):
            self._column(value, "first", value.span, loops)

    def _column(self, node: Expr, advice: str, span: Span, loops: _Loops) -> None:
        of = map_of(node, self.here.callees)
        if of is not None and any(_stays(loop, of) for loop in loops):
            self.search.report(self._shown_place(of), Copy(advice, span), span)

    def _call(self, call: typed.CallFunction, loops: _Loops) -> None:
        advice = _OF_ONE.get(self.here.callees.declared.get(call.function, ""))
        if advice is not None:
            self._column(call.arguments[0].value, advice, call.span, loops)
        carried: set[int] = set()
        callee = self.search.copies.functions[call.function]
        for argument, parameter in zip(call.arguments, callee.parameters, strict=True):
            if argument.mutated and any(_stays(loop, argument.value) for loop in loops):
                carried.add(parameter.index)
        before = self.search.called.get(call.function, frozenset())
        self.search.called[call.function] = before | carried

    # --- names ---

    def _shown_place(self, node: Expr) -> str:
        match node:
            case typed.LocalGet(local=local):
                return local.name.rpartition(".")[2]
            case typed.StateGet(state=state):
                return self._state_name(state)
            case typed.FieldGet(base=base, index=index):
                return f"{self._shown_place(base)}.{self._field_name(base.type, index)}"
            case typed.IndexGet(base=base, index=key):
                return f"{self._shown_place(base)}[{_key(key)}]"
            case _:
                raise AssertionError("a place begins with a variable")

    def _shown(self, root: typed.Local | str, steps: Sequence[typed.Step]) -> str:
        shown = self._state_name(root) if isinstance(root, str) else root.name.rpartition(".")[2]
        for step in steps:
            if isinstance(step, typed.IndexStep):
                shown += f"[{_key(step.index)}]"
            else:
                shown += f".{self._field_name(step.of, step.index)}"
        return shown

    def _state_name(self, state: str) -> str:
        return self.search.checker.states[state].item.name.text

    def _field_name(self, kind: object, index: int) -> str:
        assert isinstance(kind, Struct), "only records have fields"
        return struct_of(self.search.checker, kind).fields[index][0]


def _key(node: Expr) -> str:
    match node:
        case typed.LocalGet(local=local):
            return local.name
        case typed.TextConst(value=value):
            return f'"{value}"'
        case _:  # any key may be left out
            return "…"


def _is_column(node: Expr, builtin: Builtin) -> bool:
    return isinstance(node, typed.CallBuiltin) and node.builtin is builtin


def _leaves(statement: typed.Statement) -> bool:
    return isinstance(statement, typed.Evaluate) and isinstance(
        statement.value, typed.Break | typed.Return
    )


def _stays(loop: Loop, node: Expr) -> bool:
    """Returns whether an lvalue is the same one in all iterations of a loop."""
    while isinstance(node, typed.FieldGet | typed.IndexGet):
        if isinstance(node, typed.IndexGet) and not loop.is_still(node.index):
            return False
        node = node.base
    match node:
        case typed.LocalGet(local=local):
            return loop.keeps(local)
        case typed.StateGet(state=state):
            return loop.keeps(state)
        case _:
            return False


def _place(root: Root) -> tuple[str, Root]:
    """Returns the shape of a variable."""
    return ("StateGet" if isinstance(root, str) else "LocalGet", root)
