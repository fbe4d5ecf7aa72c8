"""The prelude: functions, methods and constants of every program.

One row per name. `operation` is the implementation in the generated module: an operation of its own
(`Builtin`) or a host call by name. A declaration of the program shadows the row.
"""

from collections.abc import Mapping
from typing import Final, cast

from ccl.abi.host_calls import METERED_RESOURCES, PRIORITIES
from ccl.ir.typed import Builtin
from ccl.ir.types import Array, Map, Option, Prim, Result, Type
from ccl.support.node import Node


class Placeholder(Node, frozen=True):
    """A type parameter of a prelude function; replaced at every call."""

    name: str

    def __str__(self) -> str:
        return self.name


T: Final = cast(Type, Placeholder("T"))
K: Final = cast(Type, Placeholder("K"))
V: Final = cast(Type, Placeholder("V"))
NUMBER: Final = cast(Type, Placeholder("NUMBER"))
"""One kind of number for a whole call: see `ccl.checking.builtins.numeric`."""

INTEGER, STRING, BOOL, DID, CID = Prim.INTEGER, Prim.STRING, Prim.BOOL, Prim.DID, Prim.CID
DECIMAL = Prim.DECIMAL
UNIT, TIMESTAMP = Prim.UNIT, Prim.TIMESTAMP
REFUSABLE: Final = Result(UNIT, STRING)
"""Host calls that the host may refuse, with nothing to give back."""


class PreludeFunction(Node, frozen=True, kw_only=True):
    """`choices`: the allowed texts of a literal argument, by parameter name."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    result: Type
    operation: Builtin | str
    mutates: frozenset[int] = frozenset()
    choices: Mapping[str, tuple[str, ...]] | None = None


RESOURCE_TYPE_VARIANTS: Final[Mapping[str, str]] = {
    "COMPUTE": "compute",
    "STORAGE": "storage",
    "BANDWIDTH": "bandwidth",
    "CPU": "compute",
    "MEMORY": "memory",
    "IO": "io",
    "TOKEN": "token",
}
"""`ResourceType.X` by name, and its resource."""

CONSTANTS: Final[Mapping[str, int]] = {
    "SECOND": 1,
    "MINUTE": 60,
    "HOUR": 3600,
    "DAY": 86_400,
    "WEEK": 604_800,
    "YEAR": 31_536_000,
}

HOST_RECORDS: Final = ("proposal", "federation", "member")

HANDLER_PARAMETER: Final = "ctx"
"""The data of the event: a parameter of the handler, and an argument of other code."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "resource_type": METERED_RESOURCES,
    "priority": PRIORITIES,
}


def _builtin(
    name: str,
    operation: Builtin,
    result: Type,
    *parameters: tuple[str, Type],
    mutates: tuple[int, ...] = (),
) -> PreludeFunction:
    return PreludeFunction(
        name=name,
        parameters=parameters,
        result=result,
        operation=operation,
        mutates=frozenset(mutates),
    )


def _host(name: str, call: str, result: Type, *parameters: tuple[str, Type]) -> PreludeFunction:
    return PreludeFunction(
        name=name,
        parameters=parameters,
        result=result,
        operation=call,
        choices={n: CHOICES[n] for n, _ in parameters if n in CHOICES} or None,
    )


_ROWS: Final = (
    # arrays
    _builtin("array_len", Builtin.ARRAY_LEN, INTEGER, ("array", Array(T))),
    _builtin(
        "array_push", Builtin.ARRAY_PUSH, INTEGER, ("array", Array(T)), ("value", T), mutates=(0,)
    ),
    _builtin("array_pop", Builtin.ARRAY_POP, T, ("array", Array(T)), mutates=(0,)),
    _builtin("array_contains", Builtin.ARRAY_CONTAINS, BOOL, ("array", Array(T)), ("value", T)),
    _builtin(
        "array_slice",
        Builtin.ARRAY_SLICE,
        Array(T),
        ("array", Array(T)),
        ("start", INTEGER),
        ("end", INTEGER),
    ),
    _builtin("sum", Builtin.ARRAY_SUM, NUMBER, ("array", Array(NUMBER))),
    # numbers
    _builtin("abs", Builtin.INTEGER_ABS, NUMBER, ("value", NUMBER)),
    _builtin("min", Builtin.INTEGER_MIN, NUMBER, ("a", NUMBER), ("b", NUMBER)),
    _builtin("max", Builtin.INTEGER_MAX, NUMBER, ("a", NUMBER), ("b", NUMBER)),
    _builtin("pow", Builtin.INTEGER_POW, INTEGER, ("base", INTEGER), ("exponent", INTEGER)),
    _builtin("sqrt", Builtin.INTEGER_SQRT, INTEGER, ("value", INTEGER)),
    _builtin("percentage", Builtin.PERCENTAGE, INTEGER, ("part", INTEGER), ("whole", INTEGER)),
    _builtin("floor", Builtin.DECIMAL_FLOOR, INTEGER, ("value", DECIMAL)),
    _builtin("ceil", Builtin.DECIMAL_CEIL, INTEGER, ("value", DECIMAL)),
    _builtin("round", Builtin.DECIMAL_ROUND, INTEGER, ("value", DECIMAL)),
    _builtin("mul_floor", Builtin.DECIMAL_MUL_FLOOR, DECIMAL, ("a", DECIMAL), ("b", DECIMAL)),
    _builtin("div_floor", Builtin.DECIMAL_DIV_FLOOR, DECIMAL, ("a", DECIMAL), ("b", DECIMAL)),
    _builtin("div_ceil", Builtin.DECIMAL_DIV_CEIL, DECIMAL, ("a", DECIMAL), ("b", DECIMAL)),
    _builtin("bit_and", Builtin.BIT_AND, INTEGER, ("a", INTEGER), ("b", INTEGER)),
    _builtin("bit_or", Builtin.BIT_OR, INTEGER, ("a", INTEGER), ("b", INTEGER)),
    _builtin("bit_xor", Builtin.BIT_XOR, INTEGER, ("a", INTEGER), ("b", INTEGER)),
    _builtin("bit_not", Builtin.BIT_NOT, INTEGER, ("value", INTEGER)),
    _builtin("shift_left", Builtin.SHIFT_LEFT, INTEGER, ("value", INTEGER), ("by", INTEGER)),
    _builtin("shift_right", Builtin.SHIFT_RIGHT, INTEGER, ("value", INTEGER), ("by", INTEGER)),
    # strings
    _builtin("string_length", Builtin.STRING_LENGTH, INTEGER, ("text", STRING)),
    _builtin("string_concat", Builtin.STRING_CONCAT, STRING, ("a", STRING), ("b", STRING)),
    _builtin(
        "string_substring",
        Builtin.STRING_SUBSTRING,
        STRING,
        ("text", STRING),
        ("start", INTEGER),
        ("end", INTEGER),
    ),
    _builtin("string_contains", Builtin.STRING_CONTAINS, BOOL, ("text", STRING), ("part", STRING)),
    _builtin(
        "string_index_of",
        Builtin.STRING_INDEX_OF,
        INTEGER,
        ("text", STRING),
        ("part", STRING),
        ("start", INTEGER),
    ),
    _builtin("char_at", Builtin.STRING_CHAR_AT, STRING, ("text", STRING), ("index", INTEGER)),
    _builtin(
        "string_from_code_point", Builtin.STRING_FROM_CODE_POINT, STRING, ("code_point", INTEGER)
    ),
    _builtin("string_to_upper", Builtin.STRING_UPPER, STRING, ("text", STRING)),
    _builtin("string_to_lower", Builtin.STRING_LOWER, STRING, ("text", STRING)),
    _builtin("parse_integer", Builtin.STRING_PARSE_INTEGER, Option(INTEGER), ("text", STRING)),
    _builtin("parse_decimal", Builtin.STRING_PARSE_DECIMAL, Option(DECIMAL), ("text", STRING)),
    # maps
    _builtin("map_new", Builtin.MAP_NEW, Map(K, V)),
    _builtin(
        "map_insert",
        Builtin.MAP_INSERT,
        UNIT,
        ("map", Map(K, V)),
        ("key", K),
        ("value", V),
        mutates=(0,),
    ),
    _builtin("map_get", Builtin.MAP_GET, Option(V), ("map", Map(K, V)), ("key", K)),
    _builtin("map_contains_key", Builtin.MAP_CONTAINS_KEY, BOOL, ("map", Map(K, V)), ("key", K)),
    _builtin("map_remove", Builtin.MAP_REMOVE, BOOL, ("map", Map(K, V)), ("key", K), mutates=(0,)),
    _builtin("map_size", Builtin.MAP_SIZE, INTEGER, ("map", Map(K, V))),
    _builtin("map_keys", Builtin.MAP_KEYS, Array(K), ("map", Map(K, V))),
    _builtin("map_values", Builtin.MAP_VALUES, Array(V), ("map", Map(K, V))),
    _builtin("data_length", Builtin.DATA_LENGTH, INTEGER, ("data", Prim.DATA)),
    # context
    _host("caller", "host_get_caller", DID),
    _host("random", "host_random", INTEGER),
    _host("input", "host_read_input", STRING),
    _host("input_cid", "host_input_cid", CID),
    # mesh and resources
    _host(
        "check_resource_authorization",
        "host_check_resource_authorization",
        BOOL,
        ("resource_type", STRING),
        ("amount", INTEGER),
    ),
    _host(
        "record_resource_usage",
        "host_record_resource_usage",
        UNIT,
        ("resource_type", STRING),
        ("amount", INTEGER),
    ),
    _host("get_token_balance", "host_get_token_balance", INTEGER, ("resource_type", STRING)),
    _host("anchor_data", "host_anchor_to_dag", REFUSABLE, ("data", STRING)),
    _host("output", "host_write_output", REFUSABLE, ("data", STRING)),
    _host("log", "host_log_message", UNIT, ("text", STRING)),
    _host("get_reputation", "host_get_reputation", INTEGER),
    _host("host_caller_has_role", "host_caller_has_role", BOOL, ("role", STRING)),
    # tokens
    _host(
        "mint", "host_mint_tokens", REFUSABLE, ("class", STRING), ("amount", INTEGER), ("to", DID)
    ),
    _host(
        "host_burn_tokens",
        "host_burn_tokens",
        REFUSABLE,
        ("class", STRING),
        ("amount", INTEGER),
        ("holder", DID),
    ),
    _host(
        "host_transfer_tokens",
        "host_transfer_tokens",
        REFUSABLE,
        ("class", STRING),
        ("from", DID),
        ("to", DID),
        ("amount", INTEGER),
    ),
    _host("token_balance", "host_token_balance", INTEGER, ("class", STRING), ("holder", DID)),
    _host("host_token_holders", "host_token_holders", Prim.DATA, ("class", STRING)),
    # blocks
    _host("dag_put", "host_dag_put", STRING, ("data", STRING)),
    _host("dag_get", "host_dag_get", STRING, ("cid", STRING)),
    _host("dag_pin", "host_dag_pin", BOOL, ("cid", STRING)),
    _host("dag_unpin", "host_dag_unpin", BOOL, ("cid", STRING)),
    _host("calculate_cid", "host_calculate_cid", STRING, ("data", STRING)),
)

_ALIASES: Final[Mapping[str, str]] = {
    "host_get_caller": "caller",
    "host_random": "random",
    "host_read_input": "input",
    "host_input_cid": "input_cid",
    "host_check_resource_authorization": "check_resource_authorization",
    "host_record_resource_usage": "record_resource_usage",
    "host_get_token_balance": "get_token_balance",
    "host_anchor_to_dag": "anchor_data",
    "host_write_output": "output",
    "host_log_message": "log",
    "host_get_reputation": "get_reputation",
    "host_mint_tokens": "mint",
    "host_token_balance": "token_balance",
    "host_dag_put": "dag_put",
    "host_dag_get": "dag_get",
    "host_dag_pin": "dag_pin",
    "host_dag_unpin": "dag_unpin",
    "host_calculate_cid": "calculate_cid",
}

FUNCTIONS: Final[Mapping[str, PreludeFunction]] = {
    **{row.name: row for row in _ROWS},
    **{alias: row for alias, name in _ALIASES.items() for row in _ROWS if row.name == name},
}

SPECIAL_FORMS: Final = (
    "submit_job",
    "host_submit_job",
    "module",
    "has",
    "timestamp",
    "host_get_current_time",
    "now",
    "days",
    "hours",
    "log_event",
    "caller_has_role",
    "integer",
    "decimal",
    "duration",
    "mana",
    "token",
    "data",
    "string",
    "did",
    "cid",
    "Some",
    "Ok",
    "Err",
)
"""Calls with rules of their own, in `ccl.checking.builtins.special_calls`."""

TEST_FORMS: Final = (
    "assert",
    "assert_eq",
    "assert_ne",
    "assert_traps",
    "as_caller",
    "at_time",
    "advance",
    "grant_role",
    "with_input",
    "with_balance",
    "events",
    "submitted_jobs",
    "logged",
)
"""Calls that only tests have, in `ccl.checking.builtins.test_builtins`."""

METHODS: Final[Mapping[tuple[str, str], str]] = {
    **{
        ("Array", method): name
        for method, name in {
            "length": "array_len",
            "len": "array_len",
            "push": "array_push",
            "pop": "array_pop",
            "contains": "array_contains",
            "slice": "array_slice",
            "sum": "sum",
        }.items()
    },
    **{
        ("String", method): name
        for method, name in {
            "length": "string_length",
            "len": "string_length",
            "concat": "string_concat",
            "substring": "string_substring",
            "contains": "string_contains",
            "index_of": "string_index_of",
            "char_at": "char_at",
            "to_upper": "string_to_upper",
            "to_lower": "string_to_lower",
        }.items()
    },
    **{("Data", method): "data_length" for method in ("length", "len", "size")},
    **{
        ("Map", method): name
        for method, name in {
            "insert": "map_insert",
            "get": "map_get",
            "contains_key": "map_contains_key",
            "remove": "map_remove",
            "size": "map_size",
            "length": "map_size",
            "keys": "map_keys",
            "values": "map_values",
        }.items()
    },
}
"""Methods by the kind of their receiver: `arr.length()` is `array_len(arr)`."""

TYPES: Final[Mapping[str, Type]] = {
    **{kind.value: kind for kind in Prim if kind not in (Prim.UNIT, Prim.NEVER)},
    "Unit": UNIT,
    "Boolean": BOOL,
    "int": INTEGER,
    "string": STRING,
    "bool": BOOL,
    "ResourceType": STRING,
}

GENERIC_TYPES: Final[Mapping[str, int]] = {
    "Array": 1,
    "Map": 2,
    "Option": 1,
    "Result": 2,
    "Token": 1,
}
"""Type constructors and the number of their arguments (the second of `Result` is optional)."""
