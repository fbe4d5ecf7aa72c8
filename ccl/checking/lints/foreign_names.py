"""Names of other languages for what CCL has under another name."""

from typing import Final

FOREIGN_NAMES: Final = {
    "print": "log",
    "println": "log",
    "printf": "log",
    "echo": "log",
    "puts": "log",
    "assert": "require",
    "int": "integer",
    "parseInt": "parse_integer",
    "parseFloat": "parse_decimal",
    "float": "decimal",
    "str": "string",
    "toString": "string",
    **dict.fromkeys(
        ("assertEqual", "assertEquals", "assert_equal", "assert_equals", "assertEq"), "assert_eq"
    ),
    "null": "None",
    "nil": "None",
    "undefined": "None",
}
FOREIGN_TYPES: Final = {
    **dict.fromkeys(("int", "integer", "num", "number", "bigint", "long", "short"), "Integer"),
    **dict.fromkeys(("byte", "usize", "isize", "uint", "nat", "natural"), "Integer"),
    **{f"{sign}{size}": "Integer" for sign in "iu" for size in (8, 16, 32, 64, 128, 256)},
    **{f"{sign}int{size}": "Integer" for sign in ("", "u") for size in (8, 16, 32, 64, 128, 256)},
    **dict.fromkeys(("text", "str", "string", "char", "varchar"), "String"),
    **dict.fromkeys(("float", "double", "f32", "f64", "float32", "float64"), "Decimal"),
    **dict.fromkeys(("real", "fixed", "money", "percent", "percentage"), "Decimal"),
    **dict.fromkeys(("list", "vec", "vector", "slice", "set", "tuple"), "Array"),
    **dict.fromkeys(("dict", "dictionary", "hashmap", "mapping"), "Map"),
    "object": "Map",
    "boolean": "Bool",
    **dict.fromkeys(("address", "principal"), "Did"),
    **dict.fromkeys(("date", "datetime", "time", "instant"), "Timestamp"),
    **dict.fromkeys(("interval", "timedelta"), "Duration"),
    **dict.fromkeys(("maybe", "optional", "nullable"), "Option"),
    **dict.fromkeys(("json", "any", "dynamic", "unknown"), "Data"),
}
"""Types by their names in other languages, in small letters."""
LITERALS: Final = {"true": "true", "false": "false", "none": "None"}
"""Names by their small letters."""
EMPTY_TYPES: Final = frozenset({"null", "nil", "none", "void", "undefined"})
COUNTING_NAMES: Final = frozenset({"range", "xrange", "times"})
METHOD_NAMES: Final = {
    "length": "length",
    "len": "length",
    "size": "length",
    "count": "length",
    "append": "push",
    "push": "push",
}
"""Functions that are methods in CCL: `xs.length()`."""

_LENGTH: Final = dict.fromkeys(("size", "count", "len"), "length")
_HELD: Final = ("has", "includes", "include")
_FALLBACK: Final = dict.fromkeys(
    ("unwrap", "expect", "get", "value", "or_else", "get_or", "unwrap_or_else"), "unwrap_or"
)
FOREIGN_METHODS: Final = {
    "Array": {
        **_LENGTH,
        **dict.fromkeys(("append", "add", "push_back"), "push"),
        **dict.fromkeys((*_HELD, "contains_key"), "contains"),
        **dict.fromkeys(("reduce", "inject"), "fold"),
        **dict.fromkeys(("for_each", "forEach"), "each"),
        **dict.fromkeys(("select", "where"), "filter"),
        "every": "all",
        "some": "any",
        "head": "first",
    },
    "Map": {
        **_LENGTH,
        **dict.fromkeys((*_HELD, "has_key", "contains"), "contains_key"),
        **dict.fromkeys(("put", "set", "add"), "insert"),
        **dict.fromkeys(("delete", "del", "erase"), "remove"),
        **dict.fromkeys(("items", "pairs"), "entries"),
        "reduce": "fold",
    },
    "String": {
        **_LENGTH,
        **dict.fromkeys(_HELD, "contains"),
        "strip": "trim",
        "lstrip": "trim_start",
        "rstrip": "trim_end",
        **dict.fromkeys(("upper", "uppercase", "toUpperCase"), "to_upper"),
        **dict.fromkeys(("lower", "lowercase", "toLowerCase"), "to_lower"),
        **dict.fromkeys(("append", "add"), "concat"),
        **dict.fromkeys(("to_int", "toInt", "parse"), "to_integer"),
        "find": "index_of",
        "substr": "substring",
    },
    "Option": {**_FALLBACK, "is_present": "is_some", "is_empty": "is_none"},
    "Result": {**_FALLBACK, "is_error": "is_err"},
}
"""Methods by their names in other languages, for each kind of receiver."""
