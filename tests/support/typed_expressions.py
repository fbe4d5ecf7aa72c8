"""Random well-typed expressions of every type of `typed_shapes`, over the variables in scope."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from typed_shapes import (
    COUNTS,
    EUROS,
    FIELDS,
    GRID,
    INTS,
    MAYBE,
    NAMED,
    OUTCOME,
    POINT,
    POINTS,
    RATE,
    SHAPE,
    VARIANTS,
    read,
    root_name,
)
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    array,
    block,
    boolean,
    builtin,
    call,
    get,
    host,
    index,
    integer,
    local,
    op,
    text,
    when,
)

from ccl.analysis.state_effects import NO_USE, state_uses
from ccl.ir import typed as t
from ccl.ir.types import Array, Enumeration, Map, Option, Prim, Result, Struct, Token, Type

TEXTS = ("", "a", "b", "cé", "日本", "abcdefgh", "0123456789")
B = t.Builtin
ASKED = Result(Prim.UNIT, STRING)


@dataclass
class Expressions(ABC):
    """Written one inside the other; a writer of statements adds those in blocks."""

    upto: Callable[[int], int]
    """Chooses a number from 0 to the given one."""
    callees: Sequence[t.Function]
    """The functions that may be called."""
    scope: list[t.Local] = field(default_factory=list)
    next_index: int = 0
    acts: bool = False
    """Whether the host is asked for effects."""

    def __post_init__(self) -> None:
        self.uses = state_uses({each.id: each for each in self.callees})

    @abstractmethod
    def statements(self, most: int, depth: int) -> list[t.Statement]:
        """At most so many."""

    # --- choices ---

    def pick(self, options: Sequence[Callable[[], t.Expr]]) -> t.Expr:
        return options[self.upto(len(options) - 1)]()

    def new_local(self, kind: Type, name: str = "v") -> t.Local:
        self.next_index += 1
        return local(self.next_index, kind, name)

    def locals_of(self, kind: Type) -> list[t.Local]:
        return [each for each in self.scope if each.type == kind]

    # --- expressions ---

    def expr(self, kind: Type, depth: int = 3) -> t.Expr:
        """Simple forms come first, so that examples shrink to them."""
        options: list[Callable[[], t.Expr]] = [lambda: self.constant(kind)]
        options += [lambda each=each: read(each) for each in self.locals_of(kind)]
        if depth > 0:
            options += self.compound(kind, depth - 1)
        return self.pick(options)

    def constant(self, kind: Type) -> t.Expr:
        match kind:
            case Prim.INTEGER:
                return integer(self.upto(6) - 2)
            case Prim.BOOL:
                return boolean(bool(self.upto(1)))
            case Prim.STRING:
                return text(TEXTS[self.upto(len(TEXTS) - 1)])
            case Array(element=element):
                return array(element, *(self.constant(element) for _ in range(self.upto(3))))
            case Map():
                return t.CallBuiltin(builtin=B.MAP_NEW, arguments=(), type=kind, span=SPAN)
            case Option() | Enumeration():
                return t.VariantNew(tag=0, payload=(), type=kind, span=SPAN)
            case Result(ok=ok):
                return t.VariantNew(tag=0, payload=(self.constant(ok),), type=kind, span=SPAN)
            case Prim.DECIMAL:
                return t.ScalarConst(value=(self.upto(6) - 2) * 250_001, type=kind, span=SPAN)
            case Token():
                return t.ScalarConst(value=self.upto(6) - 2, type=kind, span=SPAN)
            case _:
                return self.point(self.constant)

    def point(self, part: Callable[[Type], t.Expr]) -> t.StructNew:
        values = tuple(part(kind) for _, kind in FIELDS)
        return t.StructNew(values=values, order=(2, 0, 1), type=POINT, span=SPAN)

    def field_of(self, number: int, depth: int) -> t.FieldGet:
        base = self.expr(POINT, depth)
        return t.FieldGet(base=base, index=number, type=FIELDS[number][1], span=SPAN)

    def compound(self, kind: Type, depth: int) -> list[Callable[[], t.Expr]]:
        def sub(part: Type) -> t.Expr:
            return self.expr(part, depth)

        options: list[Callable[[], t.Expr]] = [
            lambda: when(sub(BOOL), sub(kind), sub(kind)),
            lambda: self.block_value(kind, depth),
        ]
        options += [
            lambda callee=callee: self.call_of(callee, depth)
            for callee in self.callees
            if callee.result == kind
        ]
        match kind:
            case Prim.INTEGER:
                options += self._integers(sub, depth)
            case Prim.BOOL:
                options += self._truths(sub, depth)
            case Prim.STRING:
                options += self._strings(sub, depth)
            case Array(element=Prim.INTEGER):
                options += [
                    lambda: array(INT, sub(INT), sub(INT)),
                    lambda: self.field_of(1, depth),
                    lambda: builtin(B.ARRAY_SLICE, INTS, sub(INTS), sub(INT), sub(INT)),
                    lambda: builtin(B.MAP_KEYS, INTS, sub(COUNTS)),
                    lambda: index(sub(GRID), sub(INT), INTS),
                ]
            case Prim.DECIMAL:
                options += self._decimals(sub)
            case Token():
                options += [
                    lambda: op("+-"[self.upto(1)], sub(EUROS), sub(EUROS)),
                    lambda: op("*/"[self.upto(1)], sub(EUROS), sub(INT)),
                    lambda: self.same_bits(sub(INT), EUROS),
                    lambda: builtin(B.ARRAY_SUM, EUROS, array(EUROS, sub(EUROS), sub(EUROS))),
                ]
            case Enumeration():
                options += [
                    lambda: t.VariantNew(
                        tag=1, payload=(sub(INT), sub(STRING)), type=SHAPE, span=SPAN
                    ),
                    lambda: t.VariantNew(tag=2, payload=(sub(POINTS),), type=SHAPE, span=SPAN),
                    lambda: self.matched(SHAPE, depth),
                ]
            case Result():
                options += [
                    lambda: t.VariantNew(tag=0, payload=(sub(INT),), type=OUTCOME, span=SPAN),
                    lambda: t.VariantNew(tag=1, payload=(sub(STRING),), type=OUTCOME, span=SPAN),
                ]
            case Array(element=Array()):
                options += [
                    lambda: array(INTS, sub(INTS), sub(INTS)),
                    lambda: builtin(B.ARRAY_SLICE, GRID, sub(GRID), sub(INT), sub(INT)),
                ]
            case Array():
                options += [
                    lambda: array(POINT, sub(POINT), sub(POINT)),
                    lambda: builtin(B.MAP_VALUES, POINTS, sub(NAMED)),
                ]
            case Option():
                options += [
                    lambda: t.VariantNew(tag=1, payload=(sub(POINT),), type=MAYBE, span=SPAN),
                    lambda: builtin(B.MAP_GET, MAYBE, sub(NAMED), sub(STRING)),
                ]
            case Struct():
                options += [
                    lambda: self.point(sub),
                    lambda: index(sub(POINTS), sub(INT), POINT),
                    lambda: index(sub(NAMED), sub(STRING), POINT),
                    lambda: self.unwrapped(depth),
                ]
            case _:
                pass
        return options

    def _integers(self, sub: Callable[[Type], t.Expr], depth: int) -> list[Callable[[], t.Expr]]:
        sign = "+-*/%"[self.upto(4)]
        return [
            lambda: op(sign, sub(INT), sub(INT)),
            lambda: builtin(B.ARRAY_LEN, INT, sub(POINTS)),
            lambda: builtin(B.ARRAY_SUM, INT, sub(INTS)),
            lambda: builtin(B.STRING_LENGTH, INT, sub(STRING)),
            lambda: builtin(B.STRING_INDEX_OF, INT, sub(STRING), sub(STRING), sub(INT)),
            lambda: builtin(B.MAP_SIZE, INT, sub(NAMED)),
            lambda: self.field_of(0, depth),
            lambda: index(sub(INTS), sub(INT), INT),
            lambda: index(sub(COUNTS), sub(INT), INT),
            lambda: builtin(self.one(B.BIT_AND, B.BIT_XOR), INT, sub(INT), sub(INT)),
            lambda: builtin(self.one(B.SHIFT_LEFT, B.SHIFT_RIGHT), INT, sub(INT), sub(INT)),
            lambda: builtin(self.one(B.DECIMAL_FLOOR, B.DECIMAL_ROUND), INT, sub(RATE)),
            lambda: builtin(self.one(B.INTEGER_MIN, B.INTEGER_MAX), INT, sub(INT), sub(INT)),
            lambda: self.same_bits(sub(EUROS), INT),
            lambda: self.settled(depth),
            lambda: self.matched(INT, depth),
        ]

    def _truths(self, sub: Callable[[Type], t.Expr], depth: int) -> list[Callable[[], t.Expr]]:
        part = (INT, STRING, POINT, INTS, NAMED, MAYBE, SHAPE, RATE, GRID)[self.upto(8)]
        options: list[Callable[[], t.Expr]] = [
            lambda: op("==", sub(part), sub(part)),
            lambda: op("<", sub(INT), sub(INT)),
            lambda: op("<=", sub(STRING), sub(STRING)),
            lambda: op("<", sub(RATE), sub(RATE)),
            lambda: self.is_ok(sub(OUTCOME)),
            lambda: builtin(B.MAP_CONTAINS_KEY, BOOL, sub(NAMED), sub(STRING)),
            lambda: builtin(B.ARRAY_CONTAINS, BOOL, sub(POINTS), sub(POINT)),
            lambda: t.ShortCircuit(
                is_and=bool(self.upto(1)), left=sub(BOOL), right=sub(BOOL), span=SPAN
            ),
        ]
        if self.acts:
            options.append(lambda: self.is_ok(self.anchored(depth)))
        return options

    def _strings(self, sub: Callable[[Type], t.Expr], depth: int) -> list[Callable[[], t.Expr]]:
        options: list[Callable[[], t.Expr]] = [
            lambda: op("+", sub(STRING), sub(STRING)),
            lambda: t.Concat(parts=(sub(STRING), text("-"), sub(STRING)), span=SPAN),
            lambda: t.Convert(
                conversion=t.Conversion.TO_STRING, operand=sub(INT), type=STRING, span=SPAN
            ),
            lambda: self.field_of(2, depth),
            lambda: builtin(B.STRING_SUBSTRING, STRING, sub(STRING), sub(INT), sub(INT)),
            lambda: builtin(B.STRING_CHAR_AT, STRING, sub(STRING), sub(INT)),
            lambda: builtin(B.STRING_FROM_CODE_POINT, STRING, sub(INT)),
        ]
        if self.acts:
            options.append(lambda: self.reason(depth))
        return options

    def _decimals(self, sub: Callable[[Type], t.Expr]) -> list[Callable[[], t.Expr]]:
        sign = "+-*/%"[self.upto(4)]
        return [
            lambda: op(sign, sub(RATE), sub(RATE)),
            lambda: builtin(
                self.one(B.DECIMAL_MUL_FLOOR, B.DECIMAL_DIV_CEIL),
                RATE,
                sub(RATE),
                sub(RATE),
            ),
            lambda: t.Convert(
                conversion=t.Conversion.INTEGER_TO_DECIMAL,
                operand=sub(INT),
                type=RATE,
                span=SPAN,
            ),
        ]

    def unwrapped(self, depth: int) -> t.MatchTag:
        subject = self.expr(MAYBE, depth)
        bound = self.new_local(POINT, "bound")
        self.scope.append(bound)
        body = self.expr(POINT, depth)
        self.scope.remove(bound)
        return t.MatchTag(
            subject=subject,
            arms=(t.TagArm(tag=1, bindings=((0, bound),), body=body),),
            otherwise=self.constant(POINT),
            type=POINT,
            span=SPAN,
        )

    def one(self, *builtins: B) -> B:
        return builtins[self.upto(len(builtins) - 1)]

    def same_bits(self, operand: t.Expr, kind: Type) -> t.Convert:
        same = t.Conversion.SAME_BITS
        return t.Convert(conversion=same, operand=operand, type=kind, span=SPAN)

    def is_ok(self, operand: t.Expr) -> t.Convert:
        return t.Convert(conversion=t.Conversion.IS_OK, operand=operand, type=BOOL, span=SPAN)

    def matched(self, kind: Type, depth: int) -> t.MatchTag:
        """Every variant of a shape with what it carries."""
        subject = self.expr(SHAPE, depth)
        arms: list[t.TagArm] = []
        for tag, (_, payload) in enumerate(VARIANTS):
            bound = [self.new_local(part, "part") for part in payload]
            self.scope.extend(bound)
            body = self.expr(kind, depth)
            del self.scope[len(self.scope) - len(bound) :]
            arms.append(t.TagArm(tag=tag, bindings=tuple(enumerate(bound)), body=body))
        return t.MatchTag(subject=subject, arms=tuple(arms), otherwise=None, type=kind, span=SPAN)

    def settled(self, depth: int) -> t.MatchTag:
        """`try … catch text => …`, as the checker writes it."""
        subject = self.expr(OUTCOME, depth)
        ok, error = self.new_local(INT, "ok"), self.new_local(STRING, "error")
        self.scope.append(error)
        caught = self.expr(INT, depth)
        self.scope.remove(error)
        return t.MatchTag(
            subject=subject,
            arms=(
                t.TagArm(tag=0, bindings=((0, ok),), body=get(ok)),
                t.TagArm(tag=1, bindings=((0, error),), body=caught),
            ),
            otherwise=None,
            type=INT,
            span=SPAN,
        )

    def block_value(self, kind: Type, depth: int) -> t.Block:
        before = len(self.scope)
        statements = self.statements(1, depth)
        value = self.expr(kind, depth)
        del self.scope[before:]
        return block(statements, value)

    def call_of(self, callee: t.Function, depth: int) -> t.CallFunction:
        changes = [i for i, p in enumerate(callee.parameters) if p.index in callee.mutated]
        arguments = [
            self.place(p.type) if i in changes else self.argument(p.type, depth)
            for i, p in enumerate(callee.parameters)
        ]
        roots = {i: root_name(arguments[i]) for i in changes}
        named = [root for root in roots.values() if root is not None]
        touched = self.uses.get(callee.id, NO_USE).touched
        for i in changes:
            # two changed parameters that are one object are not a program's business, nor is
            # a changed one that is state which the callee touches by itself
            if len(set(named)) < len(named) or roots[i] in touched:
                arguments[i] = self.constant(callee.parameters[i].type)
        return call(callee.id, callee.result, *arguments, changes=changes)

    def argument(self, kind: Type, depth: int) -> t.Expr:
        """Often state itself, which the callee may change."""
        states = [each for each in self.locals_of(kind) if each.index < 0]
        if states and self.upto(1):
            return read(states[self.upto(len(states) - 1)])
        return self.expr(kind, depth)

    def place(self, kind: Type) -> t.Expr:
        """A place to change, or a fresh value."""
        options: list[Callable[[], t.Expr]] = [lambda: self.constant(kind)]
        options += [lambda each=each: read(each) for each in self.locals_of(kind)]
        if kind == POINT:
            for each in self.locals_of(POINTS):
                options.append(lambda each=each: index(read(each), self.expr(INT, 1), POINT))
            for each in self.locals_of(NAMED):
                options.append(lambda each=each: index(read(each), self.expr(STRING, 1), POINT))
        if kind == INTS:
            options.append(
                lambda: t.FieldGet(base=self.place(POINT), index=1, type=INTS, span=SPAN)
            )
        return self.pick(options)

    # --- what the host is asked for ---

    def anchored(self, depth: int) -> t.CallHost:
        """Refused or not: a value."""
        return host("host_anchor_to_dag", ASKED, self.expr(STRING, depth))

    def reason(self, depth: int) -> t.MatchTag:
        """Why data is not anchored, or another text."""
        subject = self.anchored(depth)
        error = self.new_local(STRING, "error")
        self.scope.append(error)
        refused = self.expr(STRING, depth)
        self.scope.remove(error)
        arms = (
            t.TagArm(tag=0, bindings=(), body=self.expr(STRING, depth)),
            t.TagArm(tag=1, bindings=((0, error),), body=op("+", get(error), refused)),
        )
        return t.MatchTag(subject=subject, arms=arms, otherwise=None, type=STRING, span=SPAN)
