"""Files with more unknown names than are compared with the known ones."""

from ccl.abi.text.suggest import SEARCHES_MAX, nearest
from ccl.pipeline import check_text


def program(unknown: int) -> str:
    known = "".join(f"  let value_{n:04d} = {n};\n" for n in range(unknown))
    return (
        f"execution {{\n{known}"
        + "".join(f"  log(valeu_{n:04d});\n" for n in range(unknown))
        + "}\n"
    )


def suggested(unknown: int) -> tuple[int, list[str]]:
    """How many unknown names have a suggestion, and the notes."""
    found = [d for d in check_text(program(unknown)).sink.diagnostics if d.code == "CCL0201"]
    assert len(found) == unknown
    return sum("nearest" in d.facts for d in found), [note for d in found for note in d.notes]


def test_each_of_few_unknown_names_has_a_suggestion() -> None:
    assert suggested(20) == (20, [])


def test_suggestions_beyond_the_limit_are_left_out_with_a_note() -> None:
    count, notes = suggested(SEARCHES_MAX + 20)
    assert count == SEARCHES_MAX
    assert len(notes) == 1
    assert str(SEARCHES_MAX) in notes[0]


def test_limit_ends_with_the_compilation() -> None:
    suggested(SEARCHES_MAX + 20)
    assert nearest("valeu", ["value"]) == "value"
