"""Misspelt contracts, types and variants have suggestions, in other files, too."""

from pathlib import Path

import pytest
from misspelling import misspellings

from ccl.pipeline import check_text

LIBRARY = """enum Shares { Half, Full }
contract Register { state n: Integer = 0; public { fn join(x: Integer) { n += x; } } }
"""


def _found(folder: Path, program: str) -> list[tuple[str, str | None]]:
    (folder / "dues.ccl").write_text(LIBRARY, encoding="utf-8")
    text = f'import "dues.ccl" as dues;\n{program}'
    found = check_text(text, str(folder / "main.ccl")).sink.diagnostics
    return [
        (each.code, each.facts.get("similar") or each.facts.get("nearest"))
        for each in found
        if not each.code.startswith("CCL09")
    ]


@pytest.mark.parametrize(
    ("word", "program"),
    [
        ("Register", "execution { dues.{}.join(1); }"),
        ("Shares", "execution { let a = dues.{}.Full; log(string(a == dues.Shares.Half)); }"),
    ],
)
def test_misspelt_member_of_a_file_has_a_suggestion(
    word: str, program: str, tmp_path: Path
) -> None:
    for misspelt in misspellings(word):
        found = _found(tmp_path, program.replace("{}", misspelt))
        assert found == [("CCL0207", f"`{word}`")], misspelt


def test_member_of_a_contract_is_suggested_with_its_path(tmp_path: Path) -> None:
    found = _found(tmp_path, "execution { dues.join(1); }")
    assert found == [("CCL0207", "`Register.join`")]


def test_contract_of_an_imported_file_is_suggested_with_its_path(tmp_path: Path) -> None:
    found = _found(tmp_path, "contract Club extends Register { }")
    assert found == [("CCL0222", "dues.Register")]


def test_misspelt_enum_has_a_suggestion() -> None:
    for misspelt in misspellings("Colour"):
        use = f"log(string({misspelt}.Blue == Colour.Red));"
        text = f"enum Colour {{ Red, Blue }}\nexecution {{ {use} }}"
        found = check_text(text).sink.diagnostics
        assert [(each.code, each.facts.get("nearest")) for each in found] == [
            ("CCL0201", "Colour")
        ], misspelt
