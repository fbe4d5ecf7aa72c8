"""The typed tree: every decision made, nothing left to infer.

It is another type than `ccl.syntax.ast`, made by `ccl.checking` and read by `ccl.codegen` (and by
the reference interpreter of the tests). Rules that hold in it:

- names are `Local`s or function ids; constants are inlined as constant nodes;
- conversions, copies into a `Bool`, unwrapping of discarded Results are explicit nodes;
- evaluation order is the order of the fields;
- a node that can trap has the span that the trap is reported at;
- an expression of type Unit yields no value, one of type Never does not return.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from ccl.ir.types import ERROR_TYPE, EnumDef, Prim, StructDef, Type
from ccl.source.spans import Span
from ccl.support.node import Node, field


class Local(Node, frozen=True, kw_only=True):
    """A parameter or variable; `index` is unique in its function, parameters come first."""

    index: int
    name: str
    type: Type
    span: Span


# --- constants --------------------------------------------------------------------------


class ScalarConst(Node, frozen=True, kw_only=True):
    """Integer, Decimal (millionths), Timestamp and Duration (seconds), Mana, Token: an i64.

    Bool: 0 or 1.
    """

    value: int
    type: Type
    span: Span


class TextConst(Node, frozen=True, kw_only=True):
    """String, Did or Cid (Cid in its canonical string form)."""

    value: str
    type: Type
    span: Span


class UnitConst(Node, frozen=True, kw_only=True):
    span: Span
    type: Type = Prim.UNIT


class ErrorExpr(Node, frozen=True, kw_only=True):
    """An expression with an error that is reported, and the parts of it that are checked. Programs
    without errors, the only input of passes and code generation, have none."""

    span: Span
    parts: tuple["Expr", ...] = ()
    type: Type = ERROR_TYPE


# --- operations -------------------------------------------------------------------------


class UnaryOp(Enum):
    NEGATE = "-"
    NOT = "!"


class BinaryOp(Enum):
    """Both operands have one type unless a comment says otherwise; the type picks the code.

    Arithmetic is checked. Duration * Integer, Duration / Integer (and Token likewise) have
    an Integer on the right; Timestamp ± Duration a Duration; Duration / Duration and
    Timestamp - Timestamp give Integer and Duration.
    """

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    REMAINDER = "%"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


class Conversion(Enum):
    """The conversion of a `Convert` node."""

    SAME_BITS = "same bits"  # Integer <-> Mana, Did/Cid -> String
    INTEGER_TO_DECIMAL = "Integer -> Decimal"  # checked
    TO_STRING = "to String"  # of any scalar, Did, Cid; of Data that holds a scalar, else traps
    STRING_TO_DID = "String -> Did"  # syntax checked, traps
    STRING_TO_CID = "String -> Cid"  # syntax checked, traps
    DATA_TO = "Data -> T"  # checked, traps
    TO_DATA = "T -> Data"
    IS_OK = "Result -> Bool"  # Ok is true
    IS_SOME = "Option -> Bool"
    UNWRAP_OK = "discarded Result"  # traps with the Err's text; gives the Ok value


class Builtin(Enum):
    """Prelude operations that the generated module performs itself (no host call)."""

    ARRAY_LEN = "array_len"  # (Array<T>) -> Integer
    ARRAY_PUSH = "array_push"  # (mutated Array<T>, T) -> Integer, the new length
    ARRAY_POP = "array_pop"  # (mutated Array<T>) -> T, traps when empty
    ARRAY_CONTAINS = "array_contains"  # (Array<T>, T) -> Bool
    ARRAY_SLICE = "array_slice"  # (Array<T>, start, end) -> Array<T>, traps out of range
    STRING_LENGTH = "string_length"  # code points
    STRING_CONCAT = "string_concat"
    STRING_SUBSTRING = "string_substring"  # (String, start, end) by code points, traps
    STRING_CONTAINS = "string_contains"
    STRING_INDEX_OF = "string_index_of"  # (String, needle, from) -> Integer, -1 if absent
    STRING_FROM_CODE_POINT = "string_from_code_point"  # (Integer) -> String, traps
    STRING_CHAR_AT = "char_at"  # (String, index) -> String of one code point, traps
    STRING_UPPER = "string_to_upper"  # letter by letter, as the next one
    STRING_LOWER = "string_to_lower"
    STRING_PARSE_INTEGER = "parse_integer"  # (String) -> Option<Integer>
    STRING_PARSE_DECIMAL = "parse_decimal"  # (String) -> Option<Decimal>
    MAP_NEW = "map_new"
    MAP_INSERT = "map_insert"  # (mutated Map<K, V>, K, V)
    MAP_GET = "map_get"  # (Map<K, V>, K) -> Option<V>
    MAP_CONTAINS_KEY = "map_contains_key"
    MAP_REMOVE = "map_remove"  # (mutated Map<K, V>, K) -> Bool
    MAP_SIZE = "map_size"
    MAP_KEYS = "map_keys"  # in insertion order
    MAP_VALUES = "map_values"
    INTEGER_ABS = "abs"  # of any number with 64 bits, as the next three
    INTEGER_MIN = "min"
    INTEGER_MAX = "max"
    INTEGER_POW = "pow"  # checked; a negative exponent traps
    INTEGER_SQRT = "sqrt"  # floor; a negative operand traps
    ARRAY_SUM = "sum"  # of an Array of such numbers, checked
    PERCENTAGE = "percentage"  # (part, whole) -> Integer, truncated; whole 0 traps
    DECIMAL_FLOOR = "floor"  # (Decimal) -> Integer, as the next two
    DECIMAL_CEIL = "ceil"
    DECIMAL_ROUND = "round"  # halves away from zero
    DECIMAL_MUL_FLOOR = "mul_floor"  # through 128 bits, as the next two
    DECIMAL_DIV_FLOOR = "div_floor"
    DECIMAL_DIV_CEIL = "div_ceil"
    BIT_AND = "bit_and"  # of 64 bits in two's complement
    BIT_OR = "bit_or"
    BIT_XOR = "bit_xor"
    BIT_NOT = "bit_not"
    SHIFT_LEFT = "shift_left"  # bits beyond the 64 are lost; by 0 to 63, else traps
    SHIFT_RIGHT = "shift_right"  # keeps the sign; by 0 to 63, else traps
    DATA_HAS = "has"  # (Data, Strings and Integers of a path…) -> Bool
    DATA_ITEM = "data_item"  # (Data, Integer) -> Data; traps unless it is a list that has it
    DATA_KEY = "data_key"  # (Data, String) -> Data; traps unless it is a record that has it
    DATA_LENGTH = "data_length"  # (Data) -> Integer, of a list, a record or a text; else traps


class LocalGet(Node, frozen=True, kw_only=True):
    local: Local
    type: Type
    span: Span


class StateGet(Node, frozen=True, kw_only=True):
    """The variable of the program's state with the id `state`."""

    state: str
    type: Type
    span: Span


class FieldGet(Node, frozen=True, kw_only=True):
    """Field number `index` of a struct value."""

    base: "Expr"
    index: int
    type: Type
    span: Span


class DataGet(Node, frozen=True, kw_only=True):
    """`base.name` of Data: the field as Data; traps when it is missing."""

    base: "Expr"
    name: str
    span: Span
    type: Type = Prim.DATA


class IndexGet(Node, frozen=True, kw_only=True):
    """Element of an Array (Integer index) or a Map (key); traps when there is none."""

    base: "Expr"
    index: "Expr"
    type: Type
    span: Span


class StructNew(Node, frozen=True, kw_only=True):
    """Values in field order of the definition; evaluated in `order` (indices, as written)."""

    values: tuple["Expr", ...]
    order: tuple[int, ...]
    type: Type
    span: Span


class VariantNew(Node, frozen=True, kw_only=True):
    """A variant of an enum, Option or Result, by tag."""

    tag: int
    payload: tuple["Expr", ...]
    type: Type
    span: Span


class ArrayNew(Node, frozen=True, kw_only=True):
    elements: tuple["Expr", ...]
    type: Type
    span: Span


class Convert(Node, frozen=True, kw_only=True):
    conversion: Conversion
    operand: "Expr"
    type: Type
    span: Span


class Concat(Node, frozen=True, kw_only=True):
    """String parts joined (interpolation); every part has type String."""

    parts: tuple["Expr", ...]
    span: Span
    type: Type = Prim.STRING


class Unary(Node, frozen=True, kw_only=True):
    op: UnaryOp
    operand: "Expr"
    type: Type
    span: Span


class Binary(Node, frozen=True, kw_only=True):
    op: BinaryOp
    left: "Expr"
    right: "Expr"
    type: Type
    span: Span


class ShortCircuit(Node, frozen=True, kw_only=True):
    """`&&` (is_and) or `||`."""

    is_and: bool
    left: "Expr"
    right: "Expr"
    span: Span
    type: Type = Prim.BOOL


class Argument(Node, frozen=True, kw_only=True):
    """`mutated`: the callee changes the object; then `value` is a place or a fresh value."""

    value: "Expr"
    mutated: bool


class CallFunction(Node, frozen=True, kw_only=True):
    function: str
    arguments: tuple[Argument, ...]
    type: Type
    span: Span


class CallBuiltin(Node, frozen=True, kw_only=True):
    builtin: Builtin
    arguments: tuple[Argument, ...]
    type: Type
    span: Span


class CallHost(Node, frozen=True, kw_only=True):
    """A call of the table in `ccl.abi.host_calls` by name.

    Arguments in the order of the call's CCL signature. A call whose result is a status or
    a handle has type Result (Err is the text of `host_last_refusal`) where the table says so.
    """

    call: str
    arguments: tuple["Expr", ...]
    type: Type
    span: Span
    bytes_max: int | None = None
    """A longer answer is not read: it is taken as an empty one."""


class SubmitManifest(Node, frozen=True, kw_only=True):
    """A submission with more than the five fields of `host_submit_job`.

    Every field is encoded by its type as in `ccl.abi.layout` (Data as it is), in the order of
    evaluation as written, into one DAG-CBOR map for `host_submit_manifest`. `type` is
    Result<Job, String>; Err is the text of `host_last_refusal`.
    """

    fields: tuple[tuple[str, "Expr"], ...]
    type: Type
    span: Span


class DataNew(Node, frozen=True, kw_only=True):
    """A record as Data (`{ a: 1 }` in code): a DAG-CBOR map of the fields, each by its type.

    Fields are evaluated as written. A field named in `optional` is an Option: the value of Some,
    or left out.
    """

    fields: tuple[tuple[str, "Expr"], ...]
    span: Span
    optional: frozenset[str] = frozenset()
    type: Type = Prim.DATA


class Block(Node, frozen=True, kw_only=True):
    """Statements, then the value (None: Unit, or Never if a statement never returns)."""

    statements: tuple["Statement", ...]
    value: "Expr | None"
    type: Type
    span: Span


class If(Node, frozen=True, kw_only=True):
    condition: "Expr"
    then: "Expr"
    otherwise: "Expr | None"
    type: Type
    span: Span


class Return(Node, frozen=True, kw_only=True):
    value: "Expr | None"
    span: Span
    type: Type = Prim.NEVER


class Break(Node, frozen=True, kw_only=True):
    span: Span
    type: Type = Prim.NEVER


class Continue(Node, frozen=True, kw_only=True):
    span: Span
    type: Type = Prim.NEVER


class Require(Node, frozen=True, kw_only=True):
    """Traps for `reason` with `message` (and under `article`) when the condition is false."""

    condition: "Expr"
    message: "Expr | None"
    article: str | None
    span: Span
    type: Type = Prim.UNIT
    reason: str = "requirement failed"


class MatchTag(Node, frozen=True, kw_only=True):
    """Branch on the tag of an enum, Option or Result.

    `bindings` of an arm name payload positions; tags without an arm go to `otherwise`,
    which is there unless the arms are exhaustive.
    """

    subject: "Expr"
    arms: tuple["TagArm", ...]
    otherwise: "Expr | None"
    type: Type
    span: Span


class TagArm(Node, frozen=True, kw_only=True):
    tag: int
    bindings: tuple[tuple[int, Local], ...]
    body: "Expr"


Leaf: TypeAlias = ScalarConst | TextConst | UnitConst | LocalGet | StateGet
"""Without parts or effects."""

Operation: TypeAlias = (
    ErrorExpr
    | FieldGet
    | DataGet
    | IndexGet
    | StructNew
    | VariantNew
    | ArrayNew
    | Convert
    | Concat
    | Unary
    | Binary
    | ShortCircuit
    | CallHost
    | SubmitManifest
    | DataNew
    | If
    | Require
)
"""Evaluates each part at most once; binds, changes and leaves nothing beyond what its parts do."""

Jump: TypeAlias = Return | Break | Continue
"""Leaves the loop, its body or the function; otherwise as an operation."""

Call: TypeAlias = CallFunction | CallBuiltin
"""Changes the variables behind its mutated arguments, and the state that the callee changes."""

Expr: TypeAlias = Leaf | Operation | Jump | Call | Block | MatchTag
"""Passes and analyses dispatch on these groups: the sentence of a group holds for its classes."""


# --- statements -------------------------------------------------------------------------


class SetLocal(Node, frozen=True, kw_only=True):
    """`let`, or assignment of a whole variable or parameter (rebinding): a copy is stored."""

    local: Local
    value: Expr
    span: Span


class SetState(Node, frozen=True, kw_only=True):
    """Assignment of a whole state variable: a copy is stored."""

    state: str
    value: Expr
    span: Span


class FieldStep(Node, frozen=True, kw_only=True):
    """Field `index` of the struct type `of`."""

    index: int
    of: Type


class IndexStep(Node, frozen=True, kw_only=True):
    """Element of the array or map type `of`; a map inserts when it is the last step."""

    index: Expr
    of: Type
    span: Span


Step: TypeAlias = FieldStep | IndexStep


class Store(Node, frozen=True, kw_only=True):
    """`root.step.step = value`: changes the object in place (seen by the caller of a parameter).

    The root is a variable, or state.

    `op` is set for `+=` and its kin: the place's index expressions are evaluated once, and its old
    value is read before `value` is computed. Without, the place is found after that.
    """

    root: Local | StateGet
    steps: tuple[Step, ...]
    op: BinaryOp | None
    value: Expr
    span: Span


class Evaluate(Node, frozen=True, kw_only=True):
    """An expression for its effect; a value it has is dropped."""

    value: Expr
    span: Span


class While(Node, frozen=True, kw_only=True):
    condition: Expr
    body: Block
    span: Span


class ForEach(Node, frozen=True, kw_only=True):
    """`for item in iterable` over a snapshot: Array elements, or a String's code points."""

    item: Local
    iterable: Expr
    body: Block
    span: Span


class ForPairs(Node, frozen=True, kw_only=True):
    """`for key, value in map` over a snapshot, in insertion order."""

    key: Local
    value: Local
    iterable: Expr
    body: Block
    span: Span


Statement: TypeAlias = SetLocal | SetState | Store | Evaluate | While | ForEach | ForPairs


# --- the program ------------------------------------------------------------------------


class Function(Node, frozen=True, kw_only=True):
    """`id` is unique in the program; `name` is for people (`tally`, `execution`)."""

    id: str
    name: str
    parameters: tuple[Local, ...]
    locals: tuple[Local, ...]
    mutated: frozenset[int]
    """Indices of parameters whose object this function may change, directly or by calls."""
    result: Type
    body: Block
    span: Span


class Export(Node, frozen=True, kw_only=True):
    """A function reachable from outside as `name` (`run`, `on:job.completed`, `tally`)."""

    name: str
    function: str
    doc: str | None


class NumberUnit(Enum):
    """The unit of a charter number as written."""

    PLAIN = ""
    PERCENT = "%"
    SECONDS = "s"
    BYTES = "B"
    UNIX_SECONDS = "unix"


class CharterNumber(Node, frozen=True, kw_only=True):
    """Integers exact; Decimals as text with at most six places (`"0.66"`).

    is_share: computed from percentages, which the unit does not show."""

    value: int | str
    unit: NumberUnit
    span: Span
    is_share: bool = False


class CharterText(Node, frozen=True, kw_only=True):
    """A string, DID, CID or bare word (`symbol`)."""

    value: str
    symbol: bool
    span: Span


class CharterBool(Node, frozen=True, kw_only=True):
    value: bool
    span: Span


class CharterList(Node, frozen=True, kw_only=True):
    items: tuple["CharterValue", ...]
    span: Span


class CharterObject(Node, frozen=True, kw_only=True):
    entries: tuple["CharterNode", ...]
    span: Span


class CharterBand(Node, frozen=True, kw_only=True):
    """The value of a `range` rule: both bounds as written. `half_open`: without `high` itself."""

    low: CharterNumber
    high: CharterNumber
    half_open: bool
    span: Span


class CharterCall(Node, frozen=True, kw_only=True):
    """`name(…)` among declarations: recorded, never called. `names`: of named arguments."""

    name: str
    arguments: tuple["CharterValue", ...]
    names: tuple[str, ...] | None
    span: Span


CharterValue: TypeAlias = (
    CharterNumber
    | CharterText
    | CharterBool
    | CharterList
    | CharterObject
    | CharterBand
    | CharterCall
)


class CharterTest(Node, frozen=True, kw_only=True):
    """The condition numbered `condition` evaluates to `holds`; undecided, it fails the test."""

    condition: int
    holds: bool


Guard: TypeAlias = frozenset[CharterTest]
"""All of these tests; the empty one always holds."""
ALWAYS: Guard = frozenset()


class CharterProperty(Node, frozen=True, kw_only=True):
    """Part of the charter where `when` holds and none of `unless` does."""

    key: str
    key_span: Span
    value: CharterValue
    span: Span
    when: Guard = ALWAYS
    unless: tuple[Guard, ...] = ()


class CharterSection(Node, frozen=True, kw_only=True):
    """`value` is the label of a named section (`election "board" { … }`).

    Part of the charter where one of `when` holds.
    """

    key: str
    key_span: Span
    value: CharterValue | None
    entries: tuple["CharterNode", ...]
    span: Span
    when: tuple[Guard, ...] = (ALWAYS,)


class CharterDecision(Node, frozen=True, kw_only=True):
    """The place of a conditional rule, which is undecided if `condition` is, and `when` holds."""

    condition: int
    when: Guard


CharterNode: TypeAlias = CharterProperty | CharterSection | CharterDecision


UNDECIDED = 2
"""Condition functions answer 0, 1, or this plus the number of the field that is missing."""


class CharterCondition(Node, frozen=True, kw_only=True):
    """`function` decides it. `when`: the rules around it. `text`: as it is listed, for people."""

    function: str
    missing: tuple[str, ...]
    """Paths of the fields that it reads, by number."""
    when: Guard
    span: Span
    text: str = ""


class PackedModule(Node, frozen=True, kw_only=True):
    """A module compiled along by `module("./file.ccl")`."""

    path: str
    cid: str
    wasm: bytes


class State(Node, frozen=True, kw_only=True):
    """A state variable, kept by the host under `home` and `name` as Data of its type."""

    id: str
    home: str
    name: str
    type: Type
    initial: str
    """The function that computes the value if none is stored."""
    shape: str
    """The type spelled out: what is stored under another shape is not read."""
    span: Span
    proposal: str | None = None
    """The name of the proposal whose proposals it keeps."""


class Invariant(Node, frozen=True, kw_only=True):
    """`function` checks it after an export that may have changed state that it reads."""

    text: str
    function: str
    article: str | None
    span: Span


class Article(Node, frozen=True, kw_only=True):
    """An article of the charter, and the places of code and rules that cite it."""

    number: str
    span: Span
    cited: tuple[Span, ...]


class Program(Node, frozen=True, kw_only=True):
    """Everything that code generation needs."""

    functions: Mapping[str, Function]
    exports: tuple[Export, ...]
    structs: Mapping[str, StructDef]
    enums: Mapping[str, EnumDef]
    charter: tuple[CharterNode, ...]
    conditions: tuple[CharterCondition, ...] = ()
    packed: tuple[PackedModule, ...]
    states: Mapping[str, State] = field(default_factory=dict)
    """By id, in the order of the files and of the declarations in each."""
    invariants: tuple[Invariant, ...] = ()
    migrations: Mapping[str, str] = field(default_factory=dict)
    """By home, the function that takes the data stored under another shape."""
    articles: tuple[Article, ...] = ()
