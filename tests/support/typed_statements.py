"""Random well-typed statements: copies, path writes, changing calls, loops, effects, ways out."""

from dataclasses import dataclass

from typed_expressions import ASKED, B, Expressions
from typed_shapes import (
    COUNTS,
    FIELDS,
    GRID,
    INTS,
    NAMED,
    POINT,
    POINTS,
    STATE,
    STATE_FIELDS,
    assigned,
    read,
    rooted,
)
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    block,
    builtin,
    get,
    host,
    integer,
    loop,
    op,
    put,
    run,
    text,
    when,
)

from ccl.abi.host_calls import METERED_RESOURCES
from ccl.ir import typed as t
from ccl.ir.types import Map, Prim

KINDS = tuple(kind for _, kind in STATE_FIELDS)


@dataclass
class Writer(Expressions):
    """Writes the body of one function."""

    loops: int = 0
    own: tuple[t.Local, ...] = ()
    """What the function returns, if it may return early."""

    def statements(self, most: int, depth: int) -> list[t.Statement]:
        return [self.statement(depth) for _ in range(self.upto(most))]

    def statement(self, depth: int) -> t.Statement:
        if self.acts and self.upto(4) == 4:
            return self.effect(depth)
        choice = self.upto(13 if depth > 0 else 8)
        kind = KINDS[self.upto(len(KINDS) - 1)]
        match choice:
            case 0 | 1:
                value = self.expr(kind, depth)
                fresh = self.new_local(kind)
                self.scope.append(fresh)
                return assigned(fresh, value)
            case 2 | 3:
                known = self.locals_of(kind)
                if known:
                    return assigned(known[self.upto(len(known) - 1)], self.expr(kind, depth))
                return run(self.expr(kind, depth))
            case 4 | 5 | 6:
                return self.store(depth)
            case 7 | 8:
                return self.change(depth)
            case 9:
                before = len(self.scope)
                body = block([*self.statements(3, depth - 1), *self.way_out()])
                del self.scope[before:]
                return run(when(self.expr(BOOL, depth), body))
            case 10:
                return self.counted(depth)
            case 11 | 12:
                return self.each(depth)
            case _:
                callee = self.callees[self.upto(len(self.callees) - 1)] if self.callees else None
                return run(self.call_of(callee, depth) if callee else self.expr(INT, depth))

    def way_out(self) -> list[t.Statement]:
        choice = self.upto(4)
        if choice == 1 and self.loops:
            return [run(t.Break(span=SPAN))]
        if choice == 2 and self.loops:
            return [run(t.Continue(span=SPAN))]
        if choice == 3 and self.own:
            return [run(t.Return(value=self.whole_state(), span=SPAN))]
        return []

    def whole_state(self) -> t.StructNew:
        return t.StructNew(
            values=tuple(get(each) for each in self.own),
            order=tuple(range(len(self.own))),
            type=STATE,
            span=SPAN,
        )

    def store(self, depth: int) -> t.Statement:
        """A path write through a point, points, named or counts."""
        steps: list[t.Step] = []
        root = None
        for kind in (POINTS, GRID, NAMED, POINT, COUNTS, INTS)[self.upto(5) :]:
            known = self.locals_of(kind)
            if known:
                root = known[self.upto(len(known) - 1)]
                break
        if root is None:
            return run(self.expr(INT, depth))
        kind = root.type
        while True:
            if kind == POINT:
                number = self.upto(2)
                steps.append(t.FieldStep(index=number, of=POINT))
                kind = FIELDS[number][1]
            else:
                key = STRING if kind == NAMED else INT
                steps.append(t.IndexStep(index=self.expr(key, 1), of=kind, span=SPAN))
                kind = kind.value if isinstance(kind, Map) else kind.element  # type: ignore[union-attr]
            if kind in (INT, STRING) or (self.upto(1) and kind in (POINT, INTS)):
                break
        operator = None
        if kind in (INT, STRING) and self.upto(1):
            operator = t.BinaryOp.ADD
        value = self.expr(kind, depth)
        return t.Store(root=rooted(root), steps=tuple(steps), op=operator, value=value, span=SPAN)

    def change(self, depth: int) -> t.Statement:
        choice = self.upto(5)
        known = self.locals_of(NAMED)
        if choice == 0 and known:
            target = read(known[self.upto(len(known) - 1)])
            key, value = self.expr(STRING, depth), self.expr(POINT, depth)
            return run(builtin(B.MAP_INSERT, Prim.UNIT, target, key, value, changes=True))
        if choice == 1 and known:
            target = read(known[self.upto(len(known) - 1)])
            return run(builtin(B.MAP_REMOVE, BOOL, target, self.expr(STRING, depth), changes=True))
        if choice == 2:
            return run(builtin(B.ARRAY_POP, INT, self.place(INTS), changes=True))
        if choice == 3:
            points = self.place(POINTS)
            return run(builtin(B.ARRAY_PUSH, INT, points, self.expr(POINT, depth), changes=True))
        return run(
            builtin(B.ARRAY_PUSH, INT, self.place(INTS), self.expr(INT, depth), changes=True)
        )

    def looped(self, depth: int, *bound: t.Local) -> t.Block:
        before = len(self.scope)
        self.scope.extend(bound)
        self.loops += 1
        body = block([*self.statements(3, depth - 1), *self.way_out()])
        self.loops -= 1
        del self.scope[before:]
        return body

    def counted(self, depth: int) -> t.Statement:
        counter = self.new_local(INT, "counter")
        step = put(counter, op("+", get(counter), integer(1)))
        body = self.looped(depth)
        repeat = loop(op("<", get(counter), integer(3)), step, run(body))
        return run(block([put(counter, integer(0)), repeat]))

    def each(self, depth: int) -> t.Statement:
        choice = self.upto(3)
        if choice == 0:
            key, value = self.new_local(STRING, "key"), self.new_local(POINT, "value")
            pairs = self.expr(NAMED, depth)
            body = self.looped(depth, key, value)
            return t.ForPairs(key=key, value=value, iterable=pairs, body=body, span=SPAN)
        kind, part = ((INTS, INT), (POINTS, POINT), (STRING, STRING))[choice - 1]
        iterable = self.expr(kind, depth)
        item = self.new_local(part, "item")
        return t.ForEach(item=item, iterable=iterable, body=self.looped(depth, item), span=SPAN)

    # --- what others see ---

    def effect(self, depth: int) -> t.Statement:
        """State that is set, or a call of the host."""
        match self.upto(6):
            case 0:
                return run(host("host_log_message", Prim.UNIT, self.expr(STRING, depth)))
            case 1:
                name = text(METERED_RESOURCES[self.upto(len(METERED_RESOURCES) - 1)])
                amount = self.amount(depth)
                return run(host("host_record_resource_usage", Prim.UNIT, name, amount))
            case 2:
                return run(done(self.anchored(depth)))
            case 3 | 4:
                states = [each for each in self.scope if each.index < 0]
                changed = states[self.upto(len(states) - 1)]
                # a constant: what is set in loops, in helpers too, would grow without end
                return assigned(changed, self.constant(changed.type))
            case _:
                name = op("+", text("e"), self.expr(STRING, 1))
                kind = KINDS[self.upto(len(KINDS) - 1)]
                return run(emitted(name, self.expr(kind, depth)))

    def amount(self, depth: int) -> t.Expr:
        """Of a resource that is said to be used."""
        return self.expr(INT, depth)


def done(asked: t.Expr) -> t.Convert:
    """A refusal stops the program."""
    return t.Convert(conversion=t.Conversion.UNWRAP_OK, operand=asked, type=Prim.UNIT, span=SPAN)


def emitted(name: t.Expr, value: t.Expr) -> t.Convert:
    data = t.Convert(conversion=t.Conversion.TO_DATA, operand=value, type=Prim.DATA, span=SPAN)
    return done(host("host_emit", ASKED, name, data, text("")))
