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
