"""Random well-typed programs that seldom stop: most of their operations cannot."""

from collections.abc import Callable

from typed_expressions import B
from typed_shapes import (
    COUNTS,
    FIELDS,
    INTS,
    MAYBE,
    NAMED,
    OUTCOME,
    POINT,
    POINTS,
    SHAPE,
    read,
    rooted,
)
from typed_statements import Writer
from typed_trees import BOOL, INT, SPAN, STRING, array, block, builtin, integer, op, run, text, when

from ccl.ir import typed as t
from ccl.ir.types import Array, Enumeration, Map, Option, Prim, Result, Struct, Token, Type


class CalmWriter(Writer):
    def compound(self, kind: Type, depth: int) -> list[Callable[[], t.Expr]]:
        if self.upto(11) == 0:
            return super().compound(kind, depth)

        def sub(part: Type) -> t.Expr:
            return self.expr(part, depth)

        calls: list[Callable[[], t.Expr]] = [
            lambda callee=callee: self.call_of(callee, depth)
            for callee in self.callees
            if callee.result == kind
        ]
        return [
            *calls,
            *calls,
            lambda: when(sub(BOOL), sub(kind), sub(kind)),
            lambda: self.block_value(kind, depth),
            *self.quiet(kind, sub, depth),
        ]

    def quiet(
        self, kind: Type, sub: Callable[[Type], t.Expr], depth: int
    ) -> list[Callable[[], t.Expr]]:
        """Operations that do not trap, or hardly ever."""
        match kind:
            case Prim.INTEGER:
                return [
                    lambda: op("+-"[self.upto(1)], sub(INT), sub(INT)),
                    lambda: builtin(B.ARRAY_LEN, INT, sub(POINTS)),
                    lambda: builtin(B.ARRAY_SUM, INT, sub(INTS)),
                    lambda: builtin(B.STRING_LENGTH, INT, sub(STRING)),
                    lambda: builtin(B.MAP_SIZE, INT, sub(NAMED)),
                    lambda: self.field_of(0, depth),
                ]
            case Prim.BOOL:
                part = (INT, STRING, POINT, INTS, NAMED, MAYBE)[self.upto(5)]
                return [
                    lambda: op("==", sub(part), sub(part)),
                    lambda: op("<", sub(INT), sub(INT)),
                    lambda: builtin(B.MAP_CONTAINS_KEY, BOOL, sub(NAMED), sub(STRING)),
                ]
            case Prim.STRING:
                return [
                    lambda: op("+", sub(STRING), sub(STRING)),
                    lambda: t.Concat(parts=(sub(STRING), text("-"), sub(STRING)), span=SPAN),
                    lambda: self.field_of(2, depth),
                    *([lambda: self.reason(depth)] if self.acts else []),
                ]
            case Array(element=Prim.INTEGER):
                return [
                    lambda: array(INT, sub(INT), sub(INT)),
                    lambda: self.field_of(1, depth),
                    lambda: builtin(B.MAP_KEYS, INTS, sub(COUNTS)),
                ]
            case Array(element=Array()):
                return [lambda: array(INTS, sub(INTS), sub(INTS))]
            case Array():
                return [
                    lambda: array(POINT, sub(POINT)),
                    lambda: builtin(B.MAP_VALUES, POINTS, sub(NAMED)),
                ]
            case Option():
                return [
                    lambda: t.VariantNew(tag=1, payload=(sub(POINT),), type=MAYBE, span=SPAN),
                    lambda: builtin(B.MAP_GET, MAYBE, sub(NAMED), sub(STRING)),
                ]
            case Struct():
                return [lambda: self.point(sub), lambda: self.unwrapped(depth)]
            case Enumeration():
                return [
                    lambda: t.VariantNew(tag=2, payload=(sub(POINTS),), type=SHAPE, span=SPAN),
                    lambda: self.matched(SHAPE, depth),
                ]
            case Result():
                return [
                    lambda: t.VariantNew(tag=0, payload=(sub(INT),), type=OUTCOME, span=SPAN),
                    lambda: t.VariantNew(tag=1, payload=(sub(STRING),), type=OUTCOME, span=SPAN),
                ]
            case Prim.DECIMAL | Token():
                return [lambda: op("+-"[self.upto(1)], sub(kind), sub(kind))]
            case _:
                return []

    def amount(self, depth: int) -> t.Expr:
        """One that every host takes."""
        return integer(1 + self.upto(5))

    def store(self, depth: int) -> t.Statement:
        """A write to what is there."""
        kind = (POINT, POINTS, NAMED, COUNTS, INTS)[self.upto(4)]
        known = self.locals_of(kind)
        if not known:
            return run(self.expr(INT, depth))
        root = known[self.upto(len(known) - 1)]
        number = self.upto(2)
        field = t.FieldStep(index=number, of=POINT)
        match kind:
            case Map(key=key, value=part):
                at = t.IndexStep(index=self.constant(key), of=kind, span=SPAN)
                if self.upto(1) or part == INT:
                    return self.written(root, (at,), part, depth)
                there = builtin(B.MAP_CONTAINS_KEY, BOOL, read(root), at.index)
                write = self.written(root, (at, field), FIELDS[number][1], depth)
            case Array(element=part):
                at = t.IndexStep(index=integer(0), of=kind, span=SPAN)
                there = op("<", integer(0), builtin(B.ARRAY_LEN, INT, read(root)))
                steps = (at,) if part == INT else (at, field)
                last = part if part == INT else FIELDS[number][1]
                write = self.written(root, steps, last, depth)
            case _:
                return self.written(root, (field,), FIELDS[number][1], depth)
        return run(when(there, block([write])))

    def written(self, root: t.Local, steps: tuple[t.Step, ...], kind: Type, depth: int) -> t.Store:
        adds = kind in (INT, STRING) and isinstance(steps[-1], t.FieldStep) and self.upto(1)
        operator = t.BinaryOp.ADD if adds else None
        value = self.expr(kind, depth)
        return t.Store(root=rooted(root), steps=steps, op=operator, value=value, span=SPAN)
