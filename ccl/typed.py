"""The typed tree: every decision made, nothing left to infer.

It is another type than `ccl.ast`, made by `ccl.check` and read by `ccl.lower` (and by the
reference interpreter of the tests). Rules that hold in it:

- names are `Local`s or function ids; constants are inlined as constant nodes;
- conversions, copies into a `Bool`, unwrapping of discarded Results are explicit nodes;
- evaluation order is the order of the fields;
- a node that can trap has the span that the trap is reported at;
- an expression of type Unit yields no value, one of type Never does not return.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from ccl.source import Span
from ccl.types import EnumDef, Prim, StructDef, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A parameter or variable; `index` is unique in its function, parameters come first."""

    index: int
    name: str
    type: Type
    span: Span


# --- constants --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarConst:
    """Integer, Decimal (millionths), Timestamp and Duration (seconds), Mana, Token: an i64.

    Bool: 0 or 1.
    """

    value: int
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConst:
    """String, Did or Cid (Cid in its canonical string form)."""

    value: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitConst:
    span: Span
    type: Type = Prim.UNIT


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
    """What a `Convert` node does with its operand."""

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
    STRING_CHAR_AT = "char_at"  # (String, index) -> String of one code point, traps
    STRING_PARSE_INTEGER = "parse_integer"  # (String) -> Option<Integer>
    MAP_NEW = "map_new"
    MAP_INSERT = "map_insert"  # (mutated Map<K, V>, K, V)
    MAP_GET = "map_get"  # (Map<K, V>, K) -> Option<V>
    MAP_CONTAINS_KEY = "map_contains_key"
    MAP_REMOVE = "map_remove"  # (mutated Map<K, V>, K) -> Bool
    MAP_SIZE = "map_size"
    MAP_KEYS = "map_keys"  # in insertion order
    MAP_VALUES = "map_values"
    INTEGER_ABS = "abs"
    INTEGER_MIN = "min"
    INTEGER_MAX = "max"
    INTEGER_POW = "pow"  # checked; a negative exponent traps
    INTEGER_SQRT = "sqrt"  # floor; a negative operand traps
    ARRAY_SUM = "sum"  # Array<Integer>, checked
    PERCENTAGE = "percentage"  # (part, whole) -> Integer, truncated; whole 0 traps
    DATA_HAS = "has"  # (Data, String path…) -> Bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalGet:
    local: Local
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StateGet:
    """The variable of the program's state with the id `state`."""

    state: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGet:
    """Field number `index` of a struct value."""

    base: "Expr"
    index: int
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DataGet:
    """`base.name` of Data: the field as Data; traps when it is missing."""

    base: "Expr"
    name: str
    span: Span
    type: Type = Prim.DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexGet:
    """Element of an Array (Integer index) or a Map (key); traps when there is none."""

    base: "Expr"
    index: "Expr"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StructNew:
    """Values in field order of the definition; evaluated in `order` (indices, as written)."""

    values: tuple["Expr", ...]
    order: tuple[int, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantNew:
    """A variant of an enum, Option or Result, by tag."""

    tag: int
    payload: tuple["Expr", ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayNew:
    elements: tuple["Expr", ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert:
    conversion: Conversion
    operand: "Expr"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """String parts joined (interpolation); every part has type String."""

    parts: tuple["Expr", ...]
    span: Span
    type: Type = Prim.STRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    op: UnaryOp
    operand: "Expr"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    op: BinaryOp
    left: "Expr"
    right: "Expr"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCircuit:
    """`&&` (is_and) or `||`."""

    is_and: bool
    left: "Expr"
    right: "Expr"
    span: Span
    type: Type = Prim.BOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """`mutated`: the callee changes the object; then `value` is a place or a fresh value."""

    value: "Expr"
    mutated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFunction:
    function: str
    arguments: tuple[Argument, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBuiltin:
    builtin: Builtin
    arguments: tuple[Argument, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHost:
    """A call of the table in `ccl.abi.hostcalls` by name.

    Arguments in the order of the call's CCL signature. A call whose result is a status or
    a handle has type Result (Err is the text of `host_last_refusal`) where the table says so.
    """

    call: str
    arguments: tuple["Expr", ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitManifest:
    """A submission with more than the five fields of `host_submit_job`.

    Every field is encoded by its type as in `ccl.abi.layout` (Data as it is), in the order of
    evaluation as written, into one DAG-CBOR map for `host_submit_manifest`. `type` is
    Result<Job, String>; Err is the text of `host_last_refusal`.
    """

    fields: tuple[tuple[str, "Expr"], ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DataNew:
    """A record as Data (`{ a: 1 }` in code): a DAG-CBOR map of the fields, each encoded by its type.

    Fields are evaluated as written. A field named in `optional` is an Option: the value of Some,
    or left out.
    """

    fields: tuple[tuple[str, "Expr"], ...]
    span: Span
    optional: frozenset[str] = frozenset()
    type: Type = Prim.DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Statements, then the value (None: Unit, or Never if a statement never returns)."""

    statements: tuple["Statement", ...]
    value: "Expr | None"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    condition: "Expr"
    then: "Expr"
    otherwise: "Expr | None"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    value: "Expr | None"
    span: Span
    type: Type = Prim.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    span: Span
    type: Type = Prim.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    span: Span
    type: Type = Prim.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """Traps for `reason` with `message` (and under `article`) when the condition is false."""

    condition: "Expr"
    message: "Expr | None"
    article: str | None
    span: Span
    type: Type = Prim.UNIT
    reason: str = "requirement failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchTag:
    """Branch on the tag of an enum, Option or Result.

    `bindings` of an arm name payload positions; tags without an arm go to `otherwise`,
    which is there unless the arms are exhaustive.
    """

    subject: "Expr"
    arms: tuple["TagArm", ...]
    otherwise: "Expr | None"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class TagArm:
    tag: int
    bindings: tuple[tuple[int, Local], ...]
    body: "Expr"


Expr: TypeAlias = (
    ScalarConst
    | TextConst
    | UnitConst
    | LocalGet
    | StateGet
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
    | CallFunction
    | CallBuiltin
    | CallHost
    | SubmitManifest
    | DataNew
    | Block
    | If
    | Return
    | Break
    | Continue
    | Require
    | MatchTag
)


# --- statements -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLocal:
    """`let`, or assignment of a whole variable or parameter (rebinding): a copy is stored."""

    local: Local
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SetState:
    """Assignment of a whole state variable: a copy is stored."""

    state: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStep:
    """Field `index` of the struct type `of`."""

    index: int
    of: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStep:
    """Element of the array or map type `of`; a map inserts when it is the last step."""

    index: Expr
    of: Type
    span: Span


Step: TypeAlias = FieldStep | IndexStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """`root.step.step = value`: changes the object in place (seen by the caller of a parameter).

    The root is a variable, or state.

    `op` is set for `+=` and its kin: the place's index expressions are evaluated once.
    """

    root: Local | StateGet
    steps: tuple[Step, ...]
    op: BinaryOp | None
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """An expression for its effect; a value it has is dropped."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class While:
    condition: Expr
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """`for item in iterable` over a snapshot: Array elements, or a String's code points."""

    item: Local
    iterable: Expr
    body: Block
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ForPairs:
    """`for key, value in map` over a snapshot, in insertion order."""

    key: Local
    value: Local
    iterable: Expr
    body: Block
    span: Span


Statement: TypeAlias = SetLocal | SetState | Store | Evaluate | While | ForEach | ForPairs


# --- the program ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A function reachable from outside as `name` (`run`, `on:job.completed`, `tally`)."""

    name: str
    function: str
    doc: str | None


class NumberUnit(Enum):
    """How a charter number was written."""

    PLAIN = ""
    PERCENT = "%"
    SECONDS = "s"
    BYTES = "B"
    UNIX_SECONDS = "unix"


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterNumber:
    """Integers exact; Decimals as text with at most six places (`"0.66"`)."""

    value: int | str
    unit: NumberUnit
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterText:
    """A string, DID, CID or bare word (`symbol`)."""

    value: str
    symbol: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterBool:
    value: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterList:
    items: tuple["CharterValue", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterObject:
    entries: tuple["CharterNode", ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterBand:
    """The value of a `range` rule: both bounds as written."""

    low: CharterNumber
    high: CharterNumber
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterCall:
    """`name(…)` among declarations: kept, never performed. `names`: of named arguments."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterTest:
    """The condition numbered `condition` came out as `holds`; undecided, it is neither."""

    condition: int
    holds: bool


Guard: TypeAlias = frozenset[CharterTest]
"""All of these tests; the empty one always holds."""
ALWAYS: Guard = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterProperty:
    """Part of the charter where `when` holds and none of `unless` does."""

    key: str
    key_span: Span
    value: CharterValue
    span: Span
    when: Guard = ALWAYS
    unless: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterSection:
    """`value` is the label of a named section (`election "board" { … }`).

    Part of the charter where one of `when` holds.
    """

    key: str
    key_span: Span
    value: CharterValue | None
    entries: tuple["CharterNode", ...]
    span: Span
    when: tuple[Guard, ...] = (ALWAYS,)


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterDecision:
    """Where a conditional rule stands: said to be undecided if `condition` is, and `when` holds."""

    condition: int
    when: Guard


CharterNode: TypeAlias = CharterProperty | CharterSection | CharterDecision


UNDECIDED = 2
"""Condition functions answer 0, 1, or this plus the number of the field that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterCondition:
    """`function` decides it. `when`: the rules around it. `span`: the condition as written."""

    function: str
    missing: tuple[str, ...]
    """Paths of the fields that it reads, by number."""
    when: Guard
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedModule:
    """A module compiled along by `module("./file.ccl")`."""

    path: str
    cid: str
    wasm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state variable, kept by the host under `home` and `name` as Data of its type."""

    id: str
    home: str
    name: str
    type: Type
    initial: str
    """The function that gives the value where none is stored."""
    shape: str
    """The type spelled out: what is stored under another shape is not read."""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """`function` says whether it holds, after an export that may have changed what it reads."""

    text: str
    function: str
    article: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
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
    """By home, the function that is given what was stored under another shape."""
