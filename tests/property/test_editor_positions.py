"""Positions as editors count them, against Python's own encoders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccl.source.editor_positions import EditorPosition, EditorText, Encoding
from ccl.source.spans import FileId, Source, Span

UNIT_BYTES = {
    Encoding.UTF8: ("utf-8", 1),
    Encoding.UTF16: ("utf-16-le", 2),
    Encoding.UTF32: ("utf-32-le", 4),
}
PIECES = [
    "a",
    "=",
    " ",
    "\n",
    "\r\n",
    "\r",
    "é",
    "समिति",
    "\u2028",
    "\x0b",
    "𝔘",
    "👩‍🌾",
    "\ufeff",
    "\0",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join)
ENCODINGS = st.sampled_from(Encoding)


def text_of(text: str) -> EditorText:
    return EditorText(Source(FileId(0), "a.ccl", text))


def lines_of(text: str) -> list[str]:
    """Without their ends: `str.splitlines` ends lines at other characters too."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(TEXTS, ENCODINGS)
def test_offset_of_every_line_end_is_what_the_encoder_counts(text: str, encoding: Encoding) -> None:
    name, unit = UNIT_BYTES[encoding]
    lines = text_of(text)
    expected = lines_of(text)
    assert lines.line_count == len(expected)
    for number, line in enumerate(expected):
        start = lines.offset(EditorPosition(number, 0), encoding)
        assert text[start : start + len(line)] == line
        for length in range(len(line) + 1):
            column = len(line[:length].encode(name)) // unit
            assert lines.position(start + length, encoding) == EditorPosition(number, column)
            assert lines.offset(EditorPosition(number, column), encoding) == start + length


@given(TEXTS, ENCODINGS, st.integers(-2, 12), st.integers(-2, 40))
def test_offset_of_any_position_is_inside_its_line(
    text: str, encoding: Encoding, line: int, column: int
) -> None:
    lines = text_of(text)
    offset = lines.offset(EditorPosition(line, column), encoding)
    assert 0 <= offset <= len(text)
    found = lines.position(offset, encoding)
    if 0 <= line < lines.line_count:
        assert found.line == line
        assert found.column <= max(column, 0)
        after = lines.position(min(offset + 1, len(text)), encoding)
        at_end = after.line != line or after == found
        assert at_end or after.column > column, "the nearest character that is not behind it"
    elif line >= lines.line_count:
        assert offset == len(text)


@given(TEXTS, ENCODINGS)
def test_every_offset_comes_back_unless_it_is_inside_a_line_break(
    text: str, encoding: Encoding
) -> None:
    lines = text_of(text)
    for offset in range(len(text) + 1):
        inside = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
        back = lines.offset(lines.position(offset, encoding), encoding)
        assert back == (offset - 1 if inside else offset)


@pytest.mark.parametrize(
    ("encoding", "column"), [(Encoding.UTF8, 5), (Encoding.UTF16, 3), (Encoding.UTF32, 2)]
)
def test_position_inside_a_character_is_its_beginning(encoding: Encoding, column: int) -> None:
    lines = text_of("a𝔘b\r\n")
    assert lines.offset(EditorPosition(0, column), encoding) == 2
    if encoding is not Encoding.UTF32:
        assert lines.offset(EditorPosition(0, column - 1), encoding) == 1


def test_range_of_a_span_is_that_of_its_ends() -> None:
    lines = text_of("a\r\n𝔘b")
    ends = lines.range(Span(FileId(0), 0, 5), Encoding.UTF16)
    assert ends == (EditorPosition(0, 0), EditorPosition(1, 3))
