"""Interfaces of files: the same with and without importers, changed only by what these see."""

from pathlib import Path

import pytest
from ccl_sources import files

from ccl.ir.interface import Interface
from ccl.pipeline import Compilation, check_file, check_text
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode

LIBRARY = """
import "./rules.ccl" as rules;

/// At most so many.
const MOST: Integer = 3;
const NONE = 0;

/// Who is in.
struct Member {
  /// As written.
  name: String,
  card: rules.Card
}

enum Right { Full, Guest(Member) }

struct Pair<T> { first: T, second: T }

state members: Array<Member> = [];

role Clerk { }

/// Takes one in.
export fn admit(name: String) -> Bool {
  let wanted = size() + 1; // with the new one
  if wanted > MOST { return false; }
  members.push(Member { name: name, card: rules.Card { number: wanted } });
  true
}

fn size() -> Integer { members.length() }

fn doubled(n) { n * 2 }

fn push_one(mutated_one: Array<Integer>) { mutated_one.push(1); }

fn pick<T>(pair: Pair<T>) -> T { pair.first }

fn each_of(items: Array<Integer>, keep) -> Array<Integer> { items.filter(keep) }

contract Desk {
  state open: Bool = true;
  fn is_open() -> Bool { open }
}

test fn starts_empty() { assert_eq(size(), 0); }
"""
RULES = "struct Card { number: Integer }\n"
IMPORTERS = [
    "execution { 1 }",
    'fn run() -> Bool { lib.admit("a") }',
    'execution { let p = lib.Pair { first: "a", second: "b" }; log(lib.pick(p)); }',
    "execution { let p = lib.Pair { first: 1, second: 2 }; lib.pick(p) + lib.doubled(4) }",
    "execution { lib.each_of([1, 2], n => n > 1).length() }",
    "contract Own extends lib.Desk { fn close() -> Bool { lib.admit(string(lib.MOST)) } }",
    "execution { missing }",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.ccl").write_text(RULES)
    (tmp_path / "lib.ccl").write_text(LIBRARY)
    (tmp_path / "ccl.toml").write_text("")
    return tmp_path


def interface(compilation: Compilation, path: Path) -> Interface:
    for source in compilation.sources.sources:
        if Path(source.path).name == path.name:
            return compilation.interface_of(source.file)
    raise AssertionError(f"{path} is not loaded")


def alone(folder: Path, text: str = LIBRARY, rules: str = RULES) -> Interface:
    library = folder / "lib.ccl"
    (folder / "rules.ccl").write_text(rules)
    found = check_text(text, library.as_posix())
    errors = [each for each in found.sink.diagnostics if each.severity.value == "error"]
    assert errors == []
    return interface(found, library)


def test_cid_names_the_canonical_encoding(folder: Path) -> None:
    found = alone(folder)
    assert found.cid == str(cid_of(encode(found.value), Codec.DAG_CBOR))


@pytest.mark.parametrize("importer", IMPORTERS)
@pytest.mark.parametrize("place", ["main.ccl", "deep/down/main.ccl"])
def test_interface_is_the_same_with_importers(folder: Path, importer: str, place: str) -> None:
    main = folder / place
    main.parent.mkdir(parents=True, exist_ok=True)
    up = "../" * (len(Path(place).parts) - 1) or "./"
    main.write_text(f'import "{up}lib.ccl" as lib;\n{importer}\n')
    found = interface(check_file(main), folder / "lib.ccl")
    assert found.value == alone(folder).value
    assert found.cid == alone(folder).cid


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_interface_of_every_program_is_the_same_with_an_importer(
    path: Path, tmp_path: Path
) -> None:
    if "stdlib" in path.parts:
        return
    text = f'import "{path.stem}.ccl" as imported;\nexecution {{ 1 }}\n'
    with_importer = check_text(text, (path.parent / "an_importer.ccl").as_posix())
    found = interface(with_importer, path)
    assert found.value == interface(check_file(path), path).value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("// with the new one", "// otherwise"),
        ("size() + 1;", "1 + size();"),
        ("wanted", "needed"),
        ("\n\n", "\n\n\n\n"),
        ("assert_eq(size(), 0)", "assert_eq(size(), 1 - 1)"),
        ("starts_empty", "begins_empty"),
        ("n * 2", "2 * n"),
        ("MOST: Integer = 3", "MOST: Integer = 1 + 2"),
        ("true;", "!false;"),
        ("pair.first }", "pair.first /* it */ }"),
        ("members.length() }", 'log("size"); members.length() }'),
    ],
)
def test_interface_is_kept_by_what_no_importer_sees(folder: Path, before: str, after: str) -> None:
    assert before in LIBRARY
    assert alone(folder, LIBRARY.replace(before, after)) == alone(folder)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("At most so many.", "Not more."),
        ("MOST: Integer = 3", "MOST: Integer = 4"),
        ("const NONE = 0;", "const NONE = 0.0;"),
        ("As written.", "As spoken."),
        ("Who is in.", "Who is not out."),
        ("enum Right { Full, Guest(Member) }", "enum Right { Guest(Member), Full }"),
        ("enum Right { Full,", "enum Right { Whole,"),
        (
            "  /// As written.\n  name: String,",
            "  note: String,\n  /// As written.\n  name: String,",
        ),
        ("state members: Array<Member> = [];", "state members: Array<Member> = [];\nstate a = 1;"),
        ("role Clerk { }", "role Clerk { }\nrole Head extends Clerk { }"),
        ("export fn admit", "fn admit"),
        ("fn size() -> Integer { members.length() }", "fn size() -> Integer { 0 }"),
        ("fn size() -> Integer {", "fn size() -> Integer { members = [];"),
        ("n * 2", "n * 2.0"),
        ("n * 2", 'emit "doubled" { n: n }; n * 2'),
        ("mutated_one.push(1);", "log(string(mutated_one.length()));"),
        ("pair.first }", "pair.second }"),
        ("items.filter(keep)", "items.filter(n => keep(n))"),
        ("fn is_open", "fn has_opened"),
        ("state open: Bool = true;", "state open: Bool = true;\nstate other: Integer = 1;"),
    ],
)
def test_interface_is_changed_by_what_importers_see(folder: Path, before: str, after: str) -> None:
    assert before in LIBRARY
    changed = LIBRARY.replace(before, after)
    if "note: String" in after:
        changed = changed.replace("Member { name: name,", 'Member { note: "", name: name,')
    assert alone(folder, changed).cid != alone(folder).cid


def test_value_of_a_state_is_its_own_affair(folder: Path) -> None:
    more = LIBRARY.replace("state open: Bool = true", "state open: Bool = false")
    assert alone(folder, more) == alone(folder)


def test_types_of_other_files_are_named_by_their_paths(folder: Path) -> None:
    fields = alone(folder).value["structs"]["Member"]["fields"]
    assert fields == [["name", "String", "As written."], ["card", "rules.ccl#Card", None]]
    assert alone(folder).value["structs"]["Pair"]["fields"][0] == ["first", "T", None]


def test_interface_of_another_file_changes_alone(folder: Path) -> None:
    wider = "struct Card { number: Integer }\nfn other() -> Integer { 1 }\n"
    assert alone(folder, rules=wider) == alone(folder, rules=RULES)
