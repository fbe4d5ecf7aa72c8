"""Escaping keeps what is harmless, lets nothing harmful through, and keeps the value of JSON."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ccl.diagnostics.render.cells import safe_text
from runtime.terminal.answers.answer import yaml_text
from runtime.terminal.escaping import printable, printable_text

REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
TEXTS = st.text(
    st.sampled_from([*CONTROLS, *REORDERING, *"\u2028\u2029\ud800\ufeff\ufffd"])
    | st.characters(codec="utf-8")
)


def is_harmful(char: str) -> bool:
    return char in REORDERING or unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"}


@given(TEXTS)
def test_nothing_harmful_is_left_in_a_line(text: str) -> None:
    assert not any(map(is_harmful, printable(text)))


@given(TEXTS)
def test_line_breaks_and_tabs_alone_are_left_in_a_text(text: str) -> None:
    left = set(filter(is_harmful, printable_text(text)))
    assert left <= {"\n", "\t"}
    assert printable_text(text).count("\n") == text.count("\n")


@given(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS)))
def test_json_keeps_its_value(value: dict[str, object]) -> None:
    shown = printable_text(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(shown) == value
    assert not any(is_harmful(char) for char in shown if char != "\n")


YAML_TEXTS = st.text(st.sampled_from([*"\x00\x1b\x07\x9b\x85\u202e\u2028 :-#'\"\\\n", "é", "👩"]))


@given(st.dictionaries(YAML_TEXTS, YAML_TEXTS | st.lists(YAML_TEXTS)))
def test_yaml_keeps_its_value(value: dict[str, object]) -> None:
    import yaml

    shown = printable_text(yaml_text(value))
    assert yaml.safe_load(shown) == value
    assert not any(is_harmful(char) for char in shown if char != "\n")


def test_marks_of_scripts_and_emoji_are_kept() -> None:
    for text in ("Ærø", "👩‍🚀", "नि‍र्णय", "می‌خواهم", "1\u202f000", "✓ → …", "\ufffd", "日本"):
        assert printable(text) == printable_text(text) == text


def test_stand_ins_of_the_renderer_are_left_as_they_are() -> None:
    shown = safe_text("\x1b\u202e\x9b\n")
    assert printable(shown) == shown
