"""Code points of texts are found as Python finds them, whatever was looked for before."""

from dataclasses import asdict, dataclass
from functools import cache

from ccl_machine import run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

TEXTS = 6
"""More than there are cursors."""

SOURCE = """
struct Look { how: String, text: Integer, from: Integer, to: Integer, part: String }

export fn found(texts: Array<String>, looks: Array<Look>) -> Array<String> {
  let held = texts;
  let found: Array<String> = [];
  for look in looks {
    match look.how {
      "char" => { found.push(held[look.text].char_at(look.from)); },
      "substring" => { found.push(held[look.text].substring(look.from, look.to)); },
      "index" => {
        let at = held[look.text].index_of(look.part, look.from);
        found.push("\\(at)");
        if at >= 0 { found.push(held[look.text].substring(look.from, at)); }
      },
      "append" => { held[look.text] += look.part; },
      "replace" => { held[look.text] = look.part + look.part; },
      _ => { held[look.text] = held[look.to % 6]; },
    }
  }
  found
}
"""


@dataclass(frozen=True, slots=True)
class Look:
    how: str
    text: int
    part: str
    to: int


_CHARACTERS = st.sampled_from("aaé€😀\u0301")
_WORDS = st.text(_CHARACTERS, max_size=4)
_LOOKS = st.builds(
    Look,
    st.sampled_from(["char", "substring", "index", "append", "replace", "share"]),
    st.integers(0, TEXTS - 1),
    _WORDS,
    st.integers(0, 2000),
)
_TEXTS = st.builds(
    lambda part, times: part * times, st.text(_CHARACTERS, max_size=30), st.sampled_from([1, 2, 30])
)


@examples(200)
@given(
    st.lists(_TEXTS, min_size=TEXTS, max_size=TEXTS),
    st.lists(st.tuples(_LOOKS, st.integers(0, 2000)), max_size=40),
)
def test_code_points_are_found_as_python_finds_them(
    texts: list[str], drawn: list[tuple[Look, int]]
) -> None:
    looks, expected, held = [], [], list(texts)
    for look, first in drawn:
        text = held[look.text]
        low, high = sorted((first % (len(text) + 1), look.to % (len(text) + 1)))
        match look.how:
            case "char":
                if not text:
                    continue
                low = min(low, len(text) - 1)
                expected.append(text[low])
            case "substring":
                expected.append(text[low:high])
            case "index":
                at = text.find(look.part, low)
                expected += [str(at), text[low:at]] if at >= 0 else [str(at)]
            case "append":
                held[look.text] += look.part
            case "replace":
                held[look.text] = look.part * 2
            case _:
                held[look.text] = held[look.to % TEXTS]
        written = asdict(look) | {"from": low}
        looks.append(written if look.how == "share" else written | {"to": high})
    ran = run(_module(), entry="found", arguments=[texts, looks])
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert ran.value == expected


@cache
def _module() -> bytes:
    wasm = compile_text(SOURCE).wasm
    assert wasm is not None
    return wasm
