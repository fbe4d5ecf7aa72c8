"""`ccl charter`: the charter as the module itself replays it in a context."""

import json
from pathlib import Path

import pytest
import yaml
from answers import validator
from commands import Done, run

from ccl.diagnostics.render.formats.json import JSON_VERSION
from runtime.content.codec import encode

BYLAWS = """title: "Bylaws";
quorum 40%;
election "board" { seats: 5; term 2y; if member.count > 50 { seats: 7; } }
if proposal.share >= 0.5 { quorum 60%; }
spending { range 0 500 { approvers 1; } range 500 2000 { approvers 2; } }
mint("x", 5);
"""
REMARK = {"condition": "p.x", "missing_field": "p.x", "place": "a.ccl:1:4", "section": "a"}
ANSWER = {
    "version": JSON_VERSION,
    "diagnostics": [],
    "summary": {"errors": 0, "errors_shown": 0, "warnings": 0},
    "undecided": [{**REMARK, "pointer": "/a", "position": 0}],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("charter")
    (made / "bylaws.ccl").write_text(BYLAWS)
    (made / "full.json").write_text('{"proposal": {"share": 0.75}, "member": {"count": 60}}')
    (made / "half.json").write_text('{"proposal": {"share": 0.25}}')
    (made / "wrong.json").write_text('{"proposal": {"share": "much"}}')
    (made / "list.json").write_text("[1]")
    (made / "code.ccl").write_text("execution { 1 }")
    return made


def charter(folder: Path, *arguments: str) -> Done:
    return run("ccl", "charter", *arguments, home=folder, cwd=folder)


def test_decided_conditions_are_in_it(folder: Path) -> None:
    done = charter(folder, "bylaws.ccl", "--context", "full.json", "-o", "json", "--strict")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert {key: answer[key] for key in ("charter", "undecided")} == {
        "charter": {
            "title": "Bylaws",
            "election": [{"$value": "board", "term": "730d", "seats": 7}],
            "quorum": "60%",
            "spending": {
                "range": [
                    {"$from": 0, "$to": 500, "approvers": 1},
                    {"$from": 500, "$to": 2000, "approvers": 2},
                ]
            },
            "mint": [{"$arguments": ["x", 5]}],
        },
        "undecided": [],
    }


def test_undecided_conditions_are_listed(folder: Path) -> None:
    done = charter(folder, "bylaws.ccl", "--context", "half.json", "-o", "yaml")
    assert done.code == 0, done.err
    value = yaml.safe_load(done.out)
    assert value["charter"]["quorum"] == "40%"
    assert value["charter"]["election"] == [{"$value": "board", "seats": 5, "term": "730d"}]
    assert value["undecided"] == [
        {
            "condition": "member.count > 50",
            "missing_field": "member.count",
            "place": "bylaws.ccl:3:42",
            "section": "election.board",
            "pointer": "/election/0",
            "position": 2,
        }
    ]


def test_without_a_context_it_reads_like_the_source(folder: Path) -> None:
    done = charter(folder, "bylaws.ccl")
    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == """title: "Bylaws";
quorum: 40%;
election "board" {
  seats: 5;
  term: 730d;
  // undecided: if member.count > 50 (member.count is missing; bylaws.ccl:3:42)
}
// undecided: if proposal.share >= 0.5 (proposal.share is missing; bylaws.ccl:4:4)
spending {
  range 0 500 {
    approvers: 1;
  }
  range 500 2000 {
    approvers: 2;
  }
}
mint("x", 5);
"""
    )


def test_strict_refuses_undecided_conditions(folder: Path) -> None:
    done = charter(folder, "bylaws.ccl", "--context", "half.json", "--strict", "-o", "json")
    assert (done.code, done.err) == (1, "")
    error = json.loads(done.out)["error"]
    assert error["code"] == "undecided"
    assert [each["missing_field"] for each in error["details"]["undecided"]] == ["member.count"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("bylaws.ccl", "--context", "wrong.json"), 1, "bylaws.ccl:4:"),
        (("bylaws.ccl", "--context", "list.json"), 2, "expected a JSON object"),
        (("bylaws.ccl", "--context", "bylaws.ccl"), 2, "is not a context"),
        (("bylaws.ccl", "--context", "absent.json"), 3, "there is no file"),
        (("code.ccl",), 3, "declares nothing"),
        (("-", "--context", "-"), 2, "both the program and its context"),
        (("bylaws.ccl", "--caller", "Ada"), 2, "--caller Ada is not a DID"),
    ],
)
def test_misuse_has_a_named_error(
    arguments: tuple[str, ...], code: int, words: str, folder: Path
) -> None:
    done = charter(folder, *arguments)
    assert done.code == code, done.err
    assert words in done.err


@pytest.mark.parametrize(
    ("function", "given", "value"),
    [("() -> Integer { 5 }", (), "5\n"), ("(n: Integer) -> Integer { n + 5 }", ("4",), "9\n")],
)
def test_function_named_charter_is_not_a_charter(
    function: str, given: tuple[str, ...], value: str, folder: Path, tmp_path: Path
) -> None:
    (folder / "named.ccl").write_text(f"export fn charter{function}")
    assert run("cclc", "compile", folder / "named.ccl", home=tmp_path).code == 0
    for name in ("named.ccl", "named.wasm"):
        done = charter(folder, name)
        assert (done.code, done.out) == (3, "")
        assert f"{name} declares nothing" in done.err
    words = ("ccl", "run", folder / "named.ccl", "--entry", "charter", *given)
    done = run(*words, home=tmp_path)
    assert done.code == 0 and "Charter of" not in done.out, done.err
    assert run(*words, "-q", home=tmp_path).out == value


def test_conditions_read_the_caller_and_the_time(folder: Path) -> None:
    did = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
    (folder / "who.ccl").write_text(
        f'if caller() == did("{did}") {{ a: 1; }}'
        'if now() > timestamp("2024-01-01T00:00:00Z") { b: 2; }'
    )
    assert charter(folder, "who.ccl").out == "b: 2;\n"
    assert charter(folder, "who.ccl", "--caller", did).out == "a: 1;\nb: 2;\n"


def test_charter_opens_no_mesh(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "mesh"
    home.mkdir()
    (home / "mesh.sqlite").write_bytes(b"no store of this version")
    done = run("ccl", "charter", "bylaws.ccl", home=tmp_path, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert [each.name for each in home.iterdir()] == ["mesh.sqlite"]


def test_invalid_home_does_not_matter(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mesh").write_text("a file where a folder should be")
    done = run("ccl", "charter", "bylaws.ccl", home=tmp_path, cwd=folder)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("words", [(), ("-o", "json"), ("--context", "full.json")])
def test_module_alone_shows_the_charter_of_its_source(folder: Path, words: tuple[str, ...]) -> None:
    compiled = run("cclc", "compile", "bylaws.ccl", "-o", "b.wasm", home=folder, cwd=folder)
    assert compiled.code == 0
    done = charter(folder, "b.wasm", *words)
    assert done.code == 0, done.err
    assert done.out == charter(folder, "bylaws.ccl", *words).out
    module = (folder / "b.wasm").read_bytes()
    assert run("ccl", "charter", "-", *words, home=folder, cwd=folder, stdin=module).out == done.out


def test_module_of_another_compiler_has_no_charter(folder: Path) -> None:
    (folder / "other.wasm").write_bytes(b"\0asm\1\0\0\0")
    done = charter(folder, "other.wasm")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error[no-charter]: other.wasm has no charter")


def test_charter_in_another_form_is_refused(folder: Path) -> None:
    run("cclc", "compile", "bylaws.ccl", "-o", "b.wasm", home=folder, cwd=folder)
    module = (folder / "b.wasm").read_bytes()
    percent = encode("%")
    assert percent in module
    (folder / "odd.wasm").write_bytes(module.replace(percent, encode("&")))
    done = charter(folder, "odd.wasm")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error[charter-malformed]: odd.wasm has a charter that cannot be")


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\0asm\1\0\0\0", "a compiled module"), (b"\x11\xa2eroots\x80gversion\x01", "a CAR file")],
)
@pytest.mark.parametrize("words", [("ccl", "run"), ("ccl", "test"), ("cclc", "check")])
def test_file_of_another_kind_is_no_source(
    folder: Path, words: tuple[str, ...], data: bytes, kind: str
) -> None:
    (folder / "data.bin").write_bytes(data)
    done = run(*words, "data.bin", home=folder, cwd=folder)
    assert (done.code, done.out) == (2, ""), done.err
    assert done.err.startswith(f"error[not-a-source]: data.bin is {kind}")
    assert "`ccl charter data.bin`" in done.err or "`meshctl verify data.bin`" in done.err


@pytest.mark.parametrize("context", ["full.json", "half.json"])
def test_answer_in_json_is_shown_as_the_charter_that_it_is_of(folder: Path, context: str) -> None:
    answer = charter(folder, "bylaws.ccl", "--context", context, "-o", "json").out
    (folder / "answer.json").write_text(answer)
    shown = charter(folder, "answer.json")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == charter(folder, "bylaws.ccl", "--context", context).out
    assert charter(folder, "answer.json", "-o", "json").out == answer
    strict = charter(folder, "answer.json", "--strict")
    assert strict.code == (0 if context == "full.json" else 1), strict.err


@pytest.mark.parametrize(
    "option", [("--context", "half.json"), ("--caller", "did:key:nobody")], ids=lambda each: each[0]
)
def test_answer_in_json_takes_no_context(folder: Path, option: tuple[str, str]) -> None:
    (folder / "asked.json").write_text(charter(folder, "bylaws.ccl", "-o", "json").out)
    done = charter(folder, "asked.json", *option)
    assert (done.code, done.out) == (2, "")
    assert f"error[usage]: {option[0]}: asked.json is an answer" in done.err
    assert f"help: give the program or its module with {option[0]}\n" in done.err


@pytest.mark.parametrize(
    "wrong",
    [
        {"charter": {}},
        {"charter": None, "undecided": [], "error": {"code": "usage"}},
        {"charter": [], "undecided": []},
        {"charter": {"a": None}, "undecided": []},
        {"charter": {"a": 1}, "undecided": [{"pointer": "/a", "position": 0}]},
        *(
            {"charter": {"a": {"b": 1}}, "undecided": [{**REMARK, "pointer": at, "position": to}]}
            for at, to in (("/b", 0), ("/a/0", 0), ("/a", 2), ("/a", -1), ("/a", "x"), (1, 0))
        ),
    ],
    ids=repr,
)
def test_json_of_another_form_is_refused(folder: Path, wrong: object) -> None:
    (folder / "wrong-answer.json").write_text(json.dumps(wrong))
    done = charter(folder, "wrong-answer.json")
    assert (done.code, done.out) == (1, "")
    assert "no answer of `ccl charter -o json`" in done.err


@pytest.mark.parametrize(
    "form",
    [
        *(None, 1.5, {"$value": 1}, {"$odd": 1}, {"$text": "x"}, {"$text": "7d", "a": 1}),
        *({"$call": "f"}, {"$call": "f", "$arguments": 1}, {"$arguments": [1]}, {"a": None}),
        *([{"$from": 1}], [{"$from": 1, "$to": 2, "$below": 3}], [{"$value": 1, "$from": 2}]),
        *([{"$arguments": {"a": 1.5}}], [[{"$value": 1}]], [{"$arguments": [1], "a": 2}]),
    ],
    ids=repr,
)
def test_form_that_no_charter_has_is_not_of_the_schema(form: object) -> None:
    answer = {"error": None, **ANSWER}
    schema = validator("ccl", "charter")
    assert schema.is_valid({**answer, "charter": {"a": {"b": [{"$value": 1, "c": "7d"}]}}})
    assert not schema.is_valid({**answer, "charter": {"a": form}})
    assert not schema.is_valid({**answer, "charter": {"a": {"b": [{"$value": 1, "c": form}]}}})


def test_conditions_are_shown_whole(folder: Path) -> None:
    (folder / "long.ccl").write_text(
        'if (has(p.x)) && /* both */ (p.n > 3) { k: 1; }\nif (p.a || p.b) || p.y == ")" { z: 1; }\n'
    )
    (folder / "p.json").write_text('{"p": {"x": 1}}')
    assert charter(folder, "long.ccl", "--context", "p.json").out == (
        "// undecided: if (has(p.x)) && (p.n > 3) (p.n is missing; long.ccl:1:5)\n"
        '// undecided: if (p.a || p.b) || p.y == ")" (p.y is missing; long.ccl:2:5)\n'
    )
