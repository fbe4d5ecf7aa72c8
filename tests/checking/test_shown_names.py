"""Errors name types, members and methods so that a reader finds the one that is meant."""

from pathlib import Path

import pytest

from ccl.diagnostics.model import is_error
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_file

PARTS = """
enum Kind { Gift }
contract Club {
  enum Kind { Gift }
  struct Box<T> { held: T }
  role Member { requires: true; }
  fn sort(kind: Kind) -> Kind { kind }
  fn open(box: Box<Integer>) -> Integer { box.held }
}
"""


def errors(folder: Path, text: str) -> list[str]:
    (folder / "parts.ccl").write_text(PARTS)
    root = folder / "root.ccl"
    root.write_text(f'import "parts.ccl" as parts;\n{text}')
    found = filter(is_error, check_file(root).sink.diagnostics)
    return [f"{said.title}; {said.help}" if said.help else said.title for said in map(prose, found)]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("parts.Club.sort(parts.Kind::Gift);", "expected parts.Club.Kind, found parts.Kind"),
        ("parts.Club.sort(Kind::Gift);", "expected parts.Club.Kind, found Kind"),
        (
            "parts.Club.open(Box { held: 1 });",
            "expected parts.Club.Box<Integer>, found Box<Integer>",
        ),
        (
            "let gift = Some(parts.Kind::Gift); let _ = [Some(Kind::Gift), gift];",
            "expected Option<Kind>, found Option<parts.Kind>",
        ),
        (
            "require(Kind::Gift == parts.Kind::Gift);",
            "operator `==` cannot be applied to Kind and parts.Kind; "
            "convert one operand, so that both have the same type",
        ),
    ],
)
def test_types_of_one_name_are_shown_with_their_files(
    code: str, error: str, tmp_path: Path
) -> None:
    own = "enum Kind { Gift }\nstruct Box<T> { held: T }\n"
    assert errors(tmp_path, f"{own}execution {{ {code} }}") == [error]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("parts.Kind", "`parts.Kind` is a type, not a value"),
        ("parts::Club::Box", "`parts.Club.Box` is a type, not a value"),
        ("parts.Club", "`parts.Club` is a contract, not a value"),
        ("parts.Club.Member", "`parts.Club.Member` is a role, not a value"),
        ("Clerk", "`Clerk` is a role, not a value"),
    ],
)
def test_member_that_is_no_value_is_reported_with_its_kind(
    path: str, error: str, tmp_path: Path
) -> None:
    text = f"role Clerk {{ requires: true; }}\nexecution {{ log({path}); }}"
    (found,) = errors(tmp_path, text)
    assert found.startswith(error)
    if "a role" in error:
        advised = found.split("`")[-2]
        assert errors(tmp_path, text.replace(f"log({path})", f"require({advised})")) == []


@pytest.mark.parametrize(
    ("value", "help_text"),
    [
        ("[1].length", "`length` is a method: call it, with parentheses"),
        ("[1].first", "`first` is a method: call it, with parentheses"),
        ("Some(1).is_some", "`is_some` is a method: call it, with parentheses"),
        ("Some(1).n", "unwrap the value first, with `match`, `?` or `try … catch …`"),
        ("5.n", "remove `.n`; only structs and host data have fields"),
    ],
)
def test_field_of_a_type_without_fields_has_a_fitting_help(
    value: str, help_text: str, tmp_path: Path
) -> None:
    (found,) = errors(tmp_path, f"execution {{ let _ = {value}; }}")
    assert found.endswith(f"has no fields; {help_text}")


PROPOSAL = """proposal Spend {
  title: "Spend"; electorate: [did("did:example:ada")]; voting_period: 7d;
  parameters { amount: Integer; }
  execution { log("\\(amount)"); }
}
"""


@pytest.mark.parametrize("used", ["Spend", "[1].map(Spend.open)", "Spend.parameters"])
@pytest.mark.parametrize("home", ["", "Board."])
def test_proposal_as_a_value_is_reported_as_a_proposal(
    home: str, used: str, tmp_path: Path
) -> None:
    declared = f"contract Board {{\n{PROPOSAL}}}\n" if home else PROPOSAL
    code = used.replace("Spend", f"{home}Spend")
    (found,) = errors(tmp_path, f"{declared}execution {{ {code}; }}")
    assert found.startswith(f"`{home}Spend` is a proposal, not a value; ")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (
            "Spend.get(1).zzzz",
            "Proposal<Spend.Parameters> has no field `zzzz`; available fields: `id`, ",
        ),
        ("Vote.Zzzz", "Vote has no variant `Zzzz`; available variants: `Yes`, `No`, `Abstain`"),
        ("core.Pair { zzzz: 1 }", "Pair has no field `zzzz`; available fields: `first`, "),
    ],
)
def test_declaration_in_the_library_has_no_label(code: str, error: str, tmp_path: Path) -> None:
    text = f'import "std/core" as core;\n{PROPOSAL}execution {{ let _ = {code}; }}'
    (found,) = errors(tmp_path, text)
    assert found.startswith(error)
    (tmp_path / "own.ccl").write_text(text)
    for each in check_file(tmp_path / "own.ccl").sink.diagnostics:
        assert {label.span.file for label in each.labels} <= {each.span.file}
