"""`ccl test`: discovery, reports of failures, and exit codes."""

import json
import re
from pathlib import Path

import pytest
from commands import ROOT, Done, run, run_process, without_roots_rights

FEES = """struct Bill { hours: Integer, lines: Array<String> }

fn bill(hours: Integer) -> Bill {
  let lines: Array<String> = [];
  let i = 0;
  while i < hours {
    array_push(lines, "hour \\(i + 1) of the work that was done");
    i += 1;
  }
  Bill { hours, lines }
}

fn pay(amount: Integer) -> Integer {
  require(amount > 0, "nothing to pay") because article "7.2";
  amount
}

article "7.2" { text: "Whoever pays, pays something."; }

test fn short() {
  log("looking at \\(1 + 1) bills");
  assert_eq(bill(1).hours, 2, "one hour is not two");
}

test fn long() {
  let other = bill(6);
  other.lines[3] = "nothing";
  assert_eq(bill(6), other);
}

test fn same() { assert_ne(bill(0), bill(0)); }

test fn pays() { assert_eq(pay(5), 5); }

test fn pays_nothing() { pay(0); }

test fn expects() { assert_traps(pay(5)); }

test fn expects_another() { assert_traps(pay(0), "too much"); }

test fn endless() { while true { pays_again(); } }

fn pays_again() { pay(1); }
"""
BOUNDS = """test fn long() { let n = 0; while n >= 0 { n += 1; } }

test fn large() { let text = "0123456789"; while text != "" { text = text + text; } }
"""
PASSING = "test fn adds() { assert_eq(1 + 1, 2); }\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tested")
    for name, text in {
        "fees.ccl": FEES,
        "good/one.ccl": PASSING + "test fn adds_more() { assert(1 + 2 == 3); }\n",
        "good/deeper/two.ccl": PASSING,
        "good/plain.ccl": 'title: "no tests here";\n',
        "good/.hidden/three.ccl": "this is not CCL and has a test fn\n",
        "wrong/broken.ccl": PASSING + "test fn wrong() { assert_eq(1, true); }\n",
        "wrong/fine.ccl": PASSING,
        "words/comment.ccl": '// a test fn is written so\nexecution { "test fn" }\n',
        "lib/helper.ccl": "export fn first(xs: Array<Integer>) -> Integer { xs[0] }\n",
        "lib/uses.ccl": 'import "helper.ccl" as helper;\n'
        "test fn reaches_in() { helper.first([]); }\n",
    }.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    return made


def run_tests(folder: Path, *arguments: str, stdin: bytes | None = None) -> Done:
    return run("ccl", "test", *arguments, home=folder, cwd=folder, stdin=stdin)


@pytest.fixture(scope="module")
def failing(folder: Path) -> Done:
    return run_tests(folder, "fees.ccl", "-v", "--fuel", "5000000")


def part(done: Done, name: str) -> str:
    """Cuts the report of one failure out."""
    return (
        done.out.split(f"FAIL fees.ccl: {name}\n")[1].split("\nFAIL ")[0].split("\n\n1 passed")[0]
    )


def test_report_has_a_line_for_each_file_and_a_summary(folder: Path) -> None:
    done = run_tests(folder, "good")
    assert done.code == 0, done.err
    *files, empty, summary, end = done.out.split("\n")
    assert files == ["good/one.ccl         2 passed", "good/deeper/two.ccl  1 passed"]
    assert empty == end == ""
    assert re.fullmatch(r"3 passed in \d+\.\d\d s", summary)


def test_current_folder_is_the_default(folder: Path) -> None:
    done = run("ccl", "test", "-o", "jsonl", home=folder, cwd=folder / "good")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["path"], row["name"]) for row in rows] == [
        ("one.ccl", "adds"),
        ("one.ccl", "adds_more"),
        ("deeper/two.ccl", "adds"),
    ]


def test_verbose_report_has_a_line_for_each_test(failing: Done) -> None:
    assert failing.code == 1
    assert failing.out.startswith("fees.ccl  1 passed, 7 failed\n  ✗ short ")
    assert re.search(r"\n  ✓ pays +\d+ ms\n", failing.out)


def test_failure_shows_operands_message_place_and_log(failing: Done) -> None:
    assert part(failing, "short") == (
        "assertion failed: one hour is not two\n"
        "  --> fees.ccl:22:3\n"
        "   |\n"
        '22 |   assert_eq(bill(1).hours, 2, "one hour is not two");\n'
        f"   |   {'^' * 50}\n"
        "   = left   1\n"
        "   = right  2\n"
        "   = logged looking at 2 bills\n"
    )


def test_long_values_are_shown_by_their_difference(failing: Done) -> None:
    shown = part(failing, "long")
    assert shown.endswith(
        "   = - left, + right\n"
        "   =   …\n"
        '   =       "hour 2 of the work that was done",\n'
        '   =       "hour 3 of the work that was done",\n'
        '   = -     "hour 4 of the work that was done",\n'
        '   = +     "nothing",\n'
        '   =       "hour 5 of the work that was done",\n'
        '   =       "hour 6 of the work that was done",\n'
        "   =   …\n"
    )


def test_equal_values_are_shown_once(failing: Done) -> None:
    assert part(failing, "same").endswith("   = both  Bill { hours: 0, lines: [] }\n")


def test_trap_of_the_program_is_shown_with_its_article(failing: Done) -> None:
    shown = part(failing, "pays_nothing")
    assert shown.startswith("trap: requirement failed: nothing to pay\n  --> fees.ccl:14:3\n")
    assert shown.endswith("   = under article 7.2\n")


def test_missing_trap_is_a_failure(failing: Done) -> None:
    shown = part(failing, "expects")
    assert shown.startswith("nothing trapped: a trap was expected\n  --> fees.ccl:37:34\n")
    assert "^^^^^^ this came to its end" in shown


def test_trap_for_another_reason_is_a_failure(failing: Done) -> None:
    shown = part(failing, "expects_another")
    assert shown.startswith("another trap: requirement failed: nothing to pay\n")
    assert '   = expected a trap with "too much"\n' in shown


def test_fuel_limit_ends_a_test(failing: Done) -> None:
    assert part(failing, "endless").startswith("out of fuel")


def test_pattern_selects_tests(folder: Path) -> None:
    done = run_tests(folder, "fees.ccl", "good", "-k", "two.ccl:a*s", "-v")
    assert done.code == 0, done.err
    assert "good/deeper/two.ccl  1 passed" in done.out
    assert "fees" not in done.out


def test_quiet_run_without_failures_prints_nothing(folder: Path) -> None:
    done = run_tests(folder, "good", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_quiet_run_prints_failures(folder: Path) -> None:
    done = run_tests(folder, "fees.ccl", "-q", "-k", "same")
    assert done.code == 1
    assert done.out.lstrip().startswith("FAIL fees.ccl: same\n")
    assert "1 failed" in done.out


def test_file_that_does_not_compile_is_reported_as_by_check(folder: Path) -> None:
    done = run_tests(folder, "wrong")
    assert done.code == 1
    checked = run("cclc", "check", "wrong/broken.ccl", home=folder, cwd=folder)
    assert checked.err.startswith(done.err)
    assert "error[CCL0402]" in done.err
    assert "wrong/broken.ccl  does not compile\n" in done.out
    assert "wrong/fine.ccl    1 passed\n" in done.out
    assert "1 passed, 1 file does not compile in" in done.out


def test_trap_in_an_imported_file_is_shown_there(folder: Path) -> None:
    done = run_tests(folder, "lib")
    assert done.code == 1
    assert "--> lib/helper.ccl:1:50\n" in done.out


def test_json_answer_has_each_test(folder: Path) -> None:
    done = run_tests(folder, "fees.ccl", "wrong", "-k", ":[aps]", "-o", "json")
    assert done.code == 1
    value = json.loads(done.out)
    assert (value["passed"], value["failed"], value["not_compiled"]) == (2, 3, 1)
    fees, broken = value["files"][:2]
    short = next(each for each in fees["tests"] if each["name"] == "short")
    assert short["outcome"] == "failed"
    assert short["logs"] == ["looking at 2 bills"]
    assert short["failure"] == {
        "kind": "trapped",
        "reason": "assertion failed: one hour is not two",
        "article": None,
        "expected": None,
        "path": "fees.ccl",
        "line": 22,
        "column": 3,
        "left": "1",
        "right": "2",
    }
    assert [each["code"] for each in broken["diagnostics"]] == ["CCL0402"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 3, "error[file-not-found]: there is no file or folder nowhere"),
        (["good/plain.ccl"], 3, "error[no-tests]: there is no `test fn` in good/plain.ccl"),
        (["words"], 3, "error[no-tests]: there is no `test fn` in words"),
        (["good", "-k", "mulitply"], 3, "there is no test named like 'mulitply' in good"),
        (["good", "-o", "xml"], 2, "error[usage]"),
        (["good", "-j", "0"], 2, "error[usage]"),
    ],
)
def test_folder_without_tests_is_an_error(
    folder: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run_tests(folder, *arguments)
    assert done.code == code
    assert said in done.err
    assert done.out == ""


def test_parallel_compilation_gives_the_same_report(folder: Path) -> None:
    def said(workers: str) -> list[object]:
        done = run_tests(folder, "-j", workers, "-k", ":[!e]*", "-o", "json")
        assert done.code == 1
        files = json.loads(done.out)["files"]
        for test in (test for file in files for test in file["tests"]):
            del test["milliseconds"]
        return list(files)

    together = said("3")
    assert together == said("1")
    assert len(together) == 7


def test_standard_input_is_read(folder: Path) -> None:
    done = run_tests(folder, "-", stdin=PASSING.encode())
    assert done.code == 0, done.err
    assert done.out.startswith("<stdin>  1 passed\n")


def test_test_function_is_not_an_entry_of_ccl_run(folder: Path) -> None:
    done = run("ccl", "run", "fees.ccl", "--entry", "pays", home=folder, cwd=folder)
    assert done.code == 1
    assert "error[CCL0722]: cannot call the test `pays`" in done.err


def test_compiled_module_is_without_tests(folder: Path) -> None:
    done = run("cclc", "compile", "--emit", "wat", "lib/uses.ccl", home=folder, cwd=folder)
    assert done.code == 0, done.err
    text = (folder / "lib/uses.wat").read_text()
    assert "reaches_in" not in text
    assert "ccl_test" not in text


def test_library_and_examples_pass_their_tests(folder: Path) -> None:
    done = run("ccl", "test", "stdlib", "examples", "-q", home=folder, cwd=ROOT)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_new_project_has_a_test_that_passes(tmp_path: Path) -> None:
    assert run("ccl", "new", "our-coop", home=tmp_path, cwd=tmp_path).code == 0
    done = run("ccl", "test", home=tmp_path, cwd=tmp_path / "our-coop")
    assert done.code == 0, done.err
    assert done.out.startswith("our-coop.ccl  1 passed\n")


def test_unreadable_file_is_reported_and_the_others_are_tested(tmp_path: Path) -> None:
    (tmp_path / "fine.ccl").write_text(PASSING, encoding="utf-8")
    (tmp_path / "latin.ccl").write_bytes("test fn caf\u00e9() {}\n".encode("latin-1"))
    locked = tmp_path / "locked.ccl"
    locked.write_text(PASSING, encoding="utf-8")
    locked.chmod(0)
    test = ("ccl", "test", ".", "-j", "1")
    done = run_process(*test, home=tmp_path, cwd=tmp_path, before=without_roots_rights())
    assert done.code == 1
    assert "error[not-utf8]: latin.ccl is not UTF-8 text: byte 0xe9 at line 1" in done.err
    assert "error[file-unreadable]: locked.ccl cannot be read: Permission denied" in done.err
    assert "fine.ccl  1 passed" in done.out
    assert "1 passed, 2 files cannot be read in " in done.out
    done = run_process(
        *test, "-o", "json", home=tmp_path, cwd=tmp_path, before=without_roots_rights()
    )
    told = json.loads(done.out)
    assert (done.code, told["passed"]) == (1, 1)
    assert [each["code"] for each in told["unread"]] == ["not-utf8", "file-unreadable"]


def test_exceeded_bounds_suggest_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "bounds.ccl").write_text(BOUNDS, encoding="utf-8")
    test = ("ccl", "test", "bounds.ccl", "-j", "1")
    done = run(*test, "-k", "long", "--fuel", "100000", home=tmp_path, cwd=tmp_path)
    assert done.code == 1
    assert "out of fuel" in done.out
    assert "help: each execution of a test has 100000 fuel; raise it with --fuel" in done.out
    done = run(*test, "-k", "large", home=tmp_path, cwd=tmp_path)
    assert done.code == 1
    assert "out of memory" in done.out
    assert "help: the limit is 64 MiB; work on less at once" in done.out
