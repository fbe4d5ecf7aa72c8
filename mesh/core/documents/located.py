"""YAML and JSON as values with their places.

Rule: a plain scalar is an integer, true, false, null or a text, as in JSON: no dates, no octal
numbers, no `yes`. What a document may repeat or name (anchors, tags, keys given twice) is refused.
"""

import re
from typing import Final, TypeAlias

import yaml
from msgspec import Struct

from runtime.content.codec import INTEGER_MAX

DEPTH_MAX: Final = 32
DOCUMENT_BYTES_MAX: Final = 1 << 20
REASON_CHARS_MAX: Final = 200
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_DIGITS_MAX: Final = 20
"""Of an integer that could fit 63 bits, with its sign."""
_FRACTION: Final = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?|[-+]?\.(inf|nan)", re.I)
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}

Scalar: TypeAlias = int | str | bool | None


class Located(Struct, frozen=True, kw_only=True):
    """A value and where it begins, from 1. entries: of a map, each with its key."""

    value: "Scalar | tuple[Located, ...] | tuple[tuple[Located, Located], ...]"
    is_map: bool = False
    line: int
    column: int

    def plain(self) -> object:
        """The value without places."""
        if self.is_map:
            return {str(key.value): item.plain() for key, item in self.entries()}
        return [item.plain() for item in self.items()] if self.is_list else self.value

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, tuple) and not self.is_map

    def entries(self) -> "tuple[tuple[Located, Located], ...]":
        assert self.is_map, "only maps have entries"
        return self.value  # type: ignore[return-value]

    def items(self) -> "tuple[Located, ...]":
        assert self.is_list, "only lists have items"
        return self.value  # type: ignore[return-value]


class DocumentError(ValueError):
    """A text that is no document. line, column: from 1."""

    def __init__(self, reason: str, line: int, column: int, hint: str) -> None:
        # What a document is wrong in may be as long as the document.
        short = reason if len(reason) <= REASON_CHARS_MAX else f"{reason[:REASON_CHARS_MAX]}…"
        super().__init__(f"{line}:{column}: {short}")
        self.reason = short
        self.line = line
        self.column = column
        self.hint = hint


def read_document(text: str) -> Located:
    """Reads one document of YAML, or of JSON, which is a part of it. Raises DocumentError."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse_event(event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = error.problem or error.context or "not YAML"
        raise DocumentError(reason, line, column, "indent with spaces, quote odd texts") from None
    except yaml.YAMLError as error:
        raise DocumentError(f"not YAML: {error}".split("\n")[0], 1, 1, "save it as UTF-8") from None
    except RecursionError:
        raise DocumentError("nested too deeply", 1, 1, "write it flatter") from None
    if node is None:
        raise DocumentError("the document is empty", 1, 1, "begin with `module: FILE`")
    return _located(node, 0)


def _refuse_event(event: yaml.Event) -> None:
    """Anchors would let a short text stand for a huge one, tags for objects of a program."""
    line, column = _place(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise DocumentError("anchors and aliases are not read", line, column, "write it out")
    if tag := getattr(event, "tag", None):
        raise DocumentError(f"the tag {tag} is not read", line, column, "leave it out")


def _place(found: yaml.Event | yaml.Node) -> tuple[int, int]:
    mark = found.start_mark
    assert mark is not None, "a text that is parsed here has marks"
    return mark.line + 1, mark.column + 1


def _located(node: yaml.Node, depth: int) -> Located:
    line, column = _place(node)
    if depth > DEPTH_MAX:
        raise DocumentError("nested too deeply", line, column, "write it flatter")
    if isinstance(node, yaml.MappingNode):
        entries = tuple((_key(key), _located(value, depth + 1)) for key, value in node.value)
        _refuse_repeated(entries)
        return Located(value=entries, is_map=True, line=line, column=column)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_located(item, depth + 1) for item in node.value)
        return Located(value=items, line=line, column=column)
    assert isinstance(node, yaml.ScalarNode), "there is no fourth kind of node"
    return Located(value=_scalar(node, line, column), line=line, column=column)


def _key(node: yaml.Node) -> Located:
    line, column = _place(node)
    if not isinstance(node, yaml.ScalarNode):
        raise DocumentError("a key must be a text", line, column, "write a name before the colon")
    return Located(value=node.value, line=line, column=column)


def _refuse_repeated(entries: tuple[tuple[Located, Located], ...]) -> None:
    seen: set[object] = set()
    for key, _ in entries:
        if key.value in seen:
            raise DocumentError(
                f"'{key.value}' is given twice", key.line, key.column, "keep one of them"
            )
        seen.add(key.value)


def _scalar(node: yaml.ScalarNode, line: int, column: int) -> Scalar:
    text: str = node.value
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > _DIGITS_MAX or abs(int(text)) > INTEGER_MAX:
            hint = f"write at most {INTEGER_MAX}, or quote it where a text is meant"
            raise DocumentError(f"{text} does not fit 63 bits", line, column, hint)
        return int(text)
    if _FRACTION.fullmatch(text):
        hint = "write a whole number, or quote it where a text is meant"
        raise DocumentError(f"{text} is not an integer", line, column, hint)
    return text
