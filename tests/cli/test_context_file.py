"""`--context FILE`: its roles are noted, and malformed content is refused with a named error."""

import json
from pathlib import Path

import pytest
from commands import run, source_file

PROGRAM = """\
role Treasurer {}

execution {
  caller_has_role(Treasurer)
}
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return source_file(tmp_path / "roles.ccl", PROGRAM)


def test_roles_of_a_context_file_are_granted_and_noted(program: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"roles": ["Treasurer"]}), encoding="utf-8")
    with_it = run("ccl", "run", program, "--context", given, home=tmp_path)
    assert with_it.code == 0, with_it.err
    assert "true" in with_it.out.splitlines()[-1]
    assert (
        with_it.err.splitlines()[0]
        == "note: role Treasurer comes from --context, not from credentials"
    )
    without = run("ccl", "run", program, home=tmp_path)
    assert "false" in without.out.splitlines()[-1]
    assert "note:" not in without.err


@pytest.mark.parametrize("roles", ["Treasurer", ["Treasurer", 5], {"Treasurer": True}, None])
def test_roles_of_another_type_are_refused(roles: object, program: Path, tmp_path: Path) -> None:
    given = json.dumps({"roles": roles}).encode()
    done = run("ccl", "run", program, "--context", "-", home=tmp_path, stdin=given)
    assert (done.code, done.out) == (2, "")
    assert "error[bad-context]: standard input is not a context: roles is not a list" in done.err
    assert '{"roles": ["treasurer"]}' in done.err


def test_json_in_place_of_a_file_is_explained(program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "--context", '{"roles": ["Treasurer"]}', home=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "takes a file with a JSON object, and this is the JSON itself" in done.err


def test_data_of_another_type_is_reported_once_with_its_field(tmp_path: Path) -> None:
    path = tmp_path / "age.ccl"
    path.write_text("execution {\n  let age: Integer = member.age;\n  age\n}\n", encoding="utf-8")
    given = b'{"member": {"age": "forty"}}'
    done = run("ccl", "run", path, "--context", "-", home=tmp_path, stdin=given)
    assert done.code == 1
    assert done.err.splitlines()[2] == "trap: wrong type of data: `age`: expected Integer"
