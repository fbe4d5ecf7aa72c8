"""Names that other languages have for what CCL has under another name."""

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
    "str": "string",
    "toString": "string",
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
"""Types by their names elsewhere, in small letters."""
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
"""What is called on a value: `xs.length()`."""
