"""Random well-typed programs: copies, path writes, calls that change, loops and ways out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st
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
    function,
    get,
    index,
    integer,
    local,
    loop,
    op,
    program,
    put,
    run,
    text,
    when,
)

from ccl import typed as t
from ccl.lowering.facts import survey
from ccl.types import (
    Array,
    EnumDef,
    Enumeration,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    StructDef,
    Token,
    Type,
)
from ccl.walk import place_root

INTS = Array(INT)
POINT = Struct("Point", "Point")
POINTS = Array(POINT)
NAMED = Map(STRING, POINT)
COUNTS = Map(INT, INT)
MAYBE = Option(POINT)
GRID = Array(INTS)
SHAPE = Enumeration("Shape", "Shape")
VARIANTS: tuple[tuple[str, tuple[Type, ...]], ...] = (
    ("Dot", ()),
    ("Line", (INT, STRING)),
    ("Many", (POINTS,)),
)
RATE = Prim.DECIMAL
EUROS = Token("EUR")
OUTCOME = Result(INT, STRING)
STATE = Struct("State", "State")
FIELDS: tuple[tuple[str, Type], ...] = (("n", INT), ("xs", INTS), ("s", STRING))
STATE_FIELDS: tuple[tuple[str, Type], ...] = (
    ("number", INT),
    ("label", STRING),
    ("ints", INTS),
    ("point", POINT),
    ("points", POINTS),
    ("named", NAMED),
    ("counts", COUNTS),
    ("maybe", MAYBE),
    ("grid", GRID),
    ("shape", SHAPE),
    ("rate", RATE),
    ("price", EUROS),
    ("outcome", OUTCOME),
)
STRUCTS = (StructDef(POINT, FIELDS), StructDef(STATE, STATE_FIELDS))
ENUMS = (EnumDef(SHAPE, VARIANTS),)
TEXTS = ("", "a", "b", "cé", "日本", "abcdefgh", "0123456789")
B = t.Builtin


@dataclass
class Writer:
    """Writes the body of one function; `callees` are the functions it may call."""

    upto: Callable[[int], int]
    """Chooses a number from 0 to the given one."""
    callees: Sequence[t.Function]
    scope: list[t.Local] = field(default_factory=list)
    next_index: int = 0
    loops: int = 0
    state: tuple[t.Local, ...] = ()

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
        options += [lambda each=each: get(each) for each in self.locals_of(kind)]
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
                sign = "+-*/%"[self.upto(4)]
                options += [
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
                    lambda: builtin(
                        self.one(B.INTEGER_MIN, B.INTEGER_MAX), INT, sub(INT), sub(INT)
                    ),
                    lambda: self.same_bits(sub(EUROS), INT),
                    lambda: self.settled(depth),
                    lambda: self.matched(INT, depth),
                ]
            case Prim.BOOL:
                part = (INT, STRING, POINT, INTS, NAMED, MAYBE, SHAPE, RATE, GRID)[self.upto(8)]
                options += [
                    lambda: op("==", sub(part), sub(part)),
                    lambda: op("<", sub(INT), sub(INT)),
                    lambda: op("<=", sub(STRING), sub(STRING)),
                    lambda: op("<", sub(RATE), sub(RATE)),
                    lambda: t.Convert(
                        conversion=t.Conversion.IS_OK, operand=sub(OUTCOME), type=BOOL, span=SPAN
                    ),
                    lambda: builtin(B.MAP_CONTAINS_KEY, BOOL, sub(NAMED), sub(STRING)),
                    lambda: builtin(B.ARRAY_CONTAINS, BOOL, sub(POINTS), sub(POINT)),
                    lambda: t.ShortCircuit(
                        is_and=bool(self.upto(1)), left=sub(BOOL), right=sub(BOOL), span=SPAN
                    ),
                ]
            case Prim.STRING:
                options += [
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
            case Array(element=Prim.INTEGER):
                options += [
                    lambda: array(INT, sub(INT), sub(INT)),
                    lambda: self.field_of(1, depth),
                    lambda: builtin(B.ARRAY_SLICE, INTS, sub(INTS), sub(INT), sub(INT)),
                    lambda: builtin(B.MAP_KEYS, INTS, sub(COUNTS)),
                    lambda: index(sub(GRID), sub(INT), INTS),
                ]
            case Prim.DECIMAL:
                sign = "+-*/%"[self.upto(4)]
                options += [
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
            self.place(p.type) if i in changes else self.expr(p.type, depth)
            for i, p in enumerate(callee.parameters)
        ]
        roots = [place_root(arguments[i]) for i in changes]
        named = [root.index for root in roots if root is not None]
        if len(set(named)) < len(named):
            # two changed parameters that are one object are not a program's business
            arguments = [
                self.constant(p.type) if i in changes else arguments[i]
                for i, p in enumerate(callee.parameters)
            ]
        return call(callee.id, callee.result, *arguments, changes=changes)

    def place(self, kind: Type) -> t.Expr:
        """A place to change, or a fresh value."""
        options: list[Callable[[], t.Expr]] = [lambda: self.constant(kind)]
        options += [lambda each=each: get(each) for each in self.locals_of(kind)]
        if kind == POINT:
            for each in self.locals_of(POINTS):
                options.append(lambda each=each: index(get(each), self.expr(INT, 1), POINT))
            for each in self.locals_of(NAMED):
                options.append(lambda each=each: index(get(each), self.expr(STRING, 1), POINT))
        if kind == INTS:
            options.append(
                lambda: t.FieldGet(base=self.place(POINT), index=1, type=INTS, span=SPAN)
            )
        return self.pick(options)

    # --- statements ---

    def statements(self, most: int, depth: int) -> list[t.Statement]:
        return [self.statement(depth) for _ in range(self.upto(most))]

    def statement(self, depth: int) -> t.Statement:
        kinds = tuple(kind for _, kind in STATE_FIELDS)
        choice = self.upto(13 if depth > 0 else 8)
        kind = kinds[self.upto(len(kinds) - 1)]
        match choice:
            case 0 | 1:
                value = self.expr(kind, depth)
                fresh = self.new_local(kind)
                self.scope.append(fresh)
                return put(fresh, value)
            case 2 | 3:
                known = self.locals_of(kind)
                if known:
                    return put(known[self.upto(len(known) - 1)], self.expr(kind, depth))
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
        if choice == 3 and self.state:
            return [run(t.Return(value=self.whole_state(), span=SPAN))]
        return []

    def whole_state(self) -> t.StructNew:
        return t.StructNew(
            values=tuple(get(each) for each in self.state),
            order=tuple(range(len(self.state))),
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
        return t.Store(root=root, steps=tuple(steps), op=operator, value=value, span=SPAN)

    def change(self, depth: int) -> t.Statement:
        choice = self.upto(5)
        known = self.locals_of(NAMED)
        if choice == 0 and known:
            target = get(known[self.upto(len(known) - 1)])
            key, value = self.expr(STRING, depth), self.expr(POINT, depth)
            return run(builtin(B.MAP_INSERT, Prim.UNIT, target, key, value, changes=True))
        if choice == 1 and known:
            target = get(known[self.upto(len(known) - 1)])
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


@st.composite
def programs(draw: st.DrawFn) -> t.Program:
    """Programs of `written`, as examples that shrink."""
    return written(lambda top: draw(st.integers(0, top)))


def programs_of(seeds: Sequence[int]) -> t.Program:
    """The programs of some seeds in one module, export `main.SEED`: many are made and compiled
    in the time that hypothesis needs for one."""
    made: list[t.Function] = []
    for seed in seeds:
        chosen = Random(seed)
        made += _functions(lambda top, chosen=chosen: chosen.randrange(top + 1), f".{seed}")
    mains = [each.id for each in made if each.id.startswith("main")]
    return program(*made, exports=mains, structs=STRUCTS, enums=ENUMS)


def written(upto: Callable[[int], int]) -> t.Program:
    """A program whose export `main` returns the state it made."""
    return program(*_functions(upto, ""), exports=["main"], structs=STRUCTS, enums=ENUMS)


def _functions(upto: Callable[[int], int], suffix: str) -> list[t.Function]:
    functions: list[t.Function] = []
    for number, (kinds, result) in enumerate(
        (((POINT,), POINT), ((POINT, INTS), INT), ((NAMED, POINT, STRING), POINT))
    ):
        writer = Writer(upto, tuple(functions))
        parameters = [writer.new_local(kind, "p") for kind in kinds]
        writer.scope.extend(parameters)
        statements = writer.statements(4, 2)
        body = block(statements, writer.expr(result, 2))
        changed = [p.index for p in parameters if p.index in survey(body).changed]
        functions.append(function(f"helper{number}{suffix}", parameters, body, mutated=changed))
    writer = Writer(upto, tuple(functions))
    state = tuple(writer.new_local(kind, name) for name, kind in STATE_FIELDS)
    start = [put(each, writer.constant(each.type)) for each in state]
    writer.scope.extend(state)
    writer.state = state
    body = block([*start, *writer.statements(8, 3)], writer.whole_state())
    return [*functions, function(f"main{suffix}", [], body)]
