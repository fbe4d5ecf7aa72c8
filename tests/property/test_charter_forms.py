"""A charter in JSON is read back as it was, whatever shares a key."""

import json
import re
from typing import Any

from ccl_machine import run
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ccl.cli.answers.ccl import CCL
from ccl.cli.charter.forms import answer_entries, charter_value
from ccl.cli.charter.view import charter_text, undecided
from ccl.pipeline import compile_text
from runtime.sandbox.results import nested_charter
from runtime.terminal.answers.schema import document

_DOCUMENT = document("ccl charter", CCL["charter"])
_SCHEMA = Draft202012Validator({"$ref": "#/$defs/section", "$defs": _DOCUMENT["$defs"]})
_UNDECIDED = _DOCUMENT["properties"]["undecided"]
_KEYS = [
    "a",
    "b",
    "from",
    "range",
    '"$value"',
    '"$$x"',
    '"two words"',
    '"call"',
    '"entries"',
    '"a/~b"',
    '""',
]
_VALUES = st.deferred(
    lambda: st.one_of(
        st.sampled_from(
            [
                *("1", "-7", "9007199254740993", "40%", "2.5%", "-1%", "7d", "90m", "45s", "0s"),
                *("2GiB", "1500B", "0.66", "5.0", "true", '"text"', '"40%"', '"0.66"', '"7"'),
                *('"7d"', '""', "word", "2026-01-15T10:30:00Z", '"2026-01-15T10:30:00Z"'),
            ]
        ),
        st.lists(_VALUES, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    )
)
_OBJECTS = st.builds(
    lambda key, value, label, inner: f"[{{ {key}: {value}, x {label} {{ k: {inner}; }} }}]",
    *(st.sampled_from(_KEYS), _VALUES, st.sampled_from(["", '"l"', "5"]), _VALUES),
)
_CALLS = st.builds(
    lambda value, other: f"f({value}, [g({other})]); f(y: {other}, x: {value});", _VALUES, _VALUES
)


@st.composite
def _entries(draw: st.DrawFn, depth: int = 2) -> str:
    """Entries of one section: no two of one key, but for what their heads tell apart."""
    found: list[str] = []
    for key in draw(st.lists(st.sampled_from(_KEYS), unique=True, max_size=3)):
        inner = _entries(depth - 1) if depth else st.just("")
        plain = st.one_of(
            st.builds(lambda value, key=key: f"{key}: {value};", _VALUES | _OBJECTS),
            st.builds(lambda inside, key=key: f"{key} {{ {inside} }}", inner),
        )
        heads = draw(st.lists(st.sampled_from(['"x"', "5", "40%", '"40%"', "[1]"]), unique=True))
        if heads or draw(st.booleans()):
            found += [f"{key} {head} {{ {draw(inner)} }}" for head in heads[:2]]
        if not heads or draw(st.booleans()):
            found.append(draw(plain))
        if draw(st.booleans()):
            found.append(f"range {draw(st.sampled_from(['0 5', '0..5']))} {{ {draw(inner)} }}")
    if draw(st.booleans()):
        found.append(draw(_CALLS))
    for number in draw(st.lists(st.integers(0, 3), unique=True, max_size=2)):
        found.append(f"if r.f > {number} {{ when{number}: 1; }}")
    return "\n".join(draw(st.permutations(list(dict.fromkeys(found)))))


def _by_key(entries: list[Any]) -> list[Any]:
    """Those of one key together, as the object has them; an undecided condition stays after the
    entry before it."""
    runs: list[list[Any]] = [[]]
    for entry in entries:
        if entry[0] != "undecided":
            runs.append([])
        runs[-1].append(entry)
    first, *others = runs
    places = list(dict.fromkeys(each[0][1] for each in others))
    ordered = sorted(others, key=lambda run: places.index(run[0][1]))
    return [*first, *(_inside(each) for run in ordered for each in run)]


def _inside(entry: list[Any]) -> list[Any]:
    if entry[0] == "section":
        return [*entry[:3], _by_key(entry[3])]
    return entry if entry[0] == "undecided" else [*entry[:2], _value(entry[2])]


def _value(value: Any) -> Any:
    match value:
        case {"entries": entries}:
            return {"entries": _by_key(entries)}
        case {"call": _, "arguments": arguments}:
            return value | {"arguments": [_value(each) for each in arguments]}
        case {"call": _, "named": named}:
            return value | {"named": [[name, _value(each)] for name, each in named]}
        case list():
            return [_value(each) for each in value]
        case _:
            return value


@settings(examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(_entries())
def test_charter_is_read_back_from_its_json(text: str) -> None:
    wasm = compile_text(text, "charter.ccl").wasm
    if wasm is None or not text:
        return
    entries = list(nested_charter(run(wasm, entry="charter").charter))
    answer = {
        "charter": charter_value(entries),
        "undecided": [each.to_json() for each in undecided(entries)],
    }
    _SCHEMA.validate(answer["charter"])
    Draft202012Validator(_UNDECIDED).validate(answer["undecided"])
    again = answer_entries(json.loads(json.dumps(answer)))
    assert again == _by_key(entries)
    shown = "\n".join(charter_text(again))
    twice = compile_text(shown, "charter.ccl").wasm
    assert twice is not None, shown
    replayed = nested_charter(run(twice, entry="charter").charter)
    remarks = re.compile(r"^ *// undecided: .*\n?", re.MULTILINE)
    assert "\n".join(charter_text(replayed)) == remarks.sub("", shown).rstrip("\n")
