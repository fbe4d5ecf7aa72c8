"""Levels of warnings: comments that allow them, and what a project's `ccl.toml` makes of them."""

from pathlib import Path

import pytest

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.explain import load_page
from ccl.diagnostics.model import Diagnostic
from ccl.formatter.format import format_text
from ccl.pipeline import check_text, compile_text
from ccl.project.configuration import ConfigurationError, Level, read_levels

ALLOW = "// ccl: allow CCL0902"
LONG = "a_name_that_is_rather_long"


def found(text: str, path: str = "test.ccl") -> tuple[Diagnostic, ...]:
    return check_text(text, path=path).sink.diagnostics


def codes(text: str) -> list[str]:
    return [each.code for each in found(text)]


# --- comments ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comment",
    [
        "// ccl: allow CCL0902",
        "# ccl: allow CCL0902",
        "#ccl:allow CCL0902",
        "/* ccl: allow CCL0902 */",
        "// ccl: allow CCL0902, CCL0903 // known",
        "// ccl: allow CCL0903 CCL0902",
    ],
)
def test_any_form_of_comment_allows(comment: str) -> None:
    behind = f"execution {{\n  let x = 3; {comment}\n  4\n}}\n"
    above = f"execution {{\n  {comment}\n  let x = 3;\n  4\n}}\n"
    unmet = ["CCL0913"] if "0903" in comment else []
    assert codes(behind) == codes(above) == unmet
    assert codes(f"{comment}\n\nexecution {{ let x = 3; let y = 4; 5 }}\n") == unmet


@pytest.mark.parametrize(
    "text",
    [
        'execution {\n  let x = "// ccl: allow CCL0902";\n  4\n}\n',
        "/// ccl: allow CCL0902\nexecution {\n  let x = 3;\n  4\n}\n",
        "execution {\n  let x = 3;\n  // allow CCL0902\n  4\n}\n",
        "execution {\n  let x = 3;\n  // see ccl: allow CCL0902\n  4\n}\n",
    ],
)
def test_similar_comment_allows_nothing(text: str) -> None:
    assert codes(text) == ["CCL0902"]


def test_allowance_is_about_its_own_statement() -> None:
    text = (
        "execution {\n"
        f"  let one = 1; {ALLOW}\n"
        "  let two = 2;\n"
        f"  {ALLOW}\n"
        "  // and a word about it\n"
        "\n"
        "  let three = 3;\n"
        "  let four = 4;\n"
        "  if true {\n    let five = 5;\n"
        f"  }} {ALLOW}\n"
        "  6\n}\n"
    )
    names = [each.facts.get("name") for each in found(text) if each.code == "CCL0902"]
    assert names == ["two", "four", "five"]
    assert [each.code for each in found(text)].count("CCL0913") == 1


def test_code_of_another_warning_is_not_allowed() -> None:
    assert codes("execution {\n  let x = 3; // ccl: allow CCL0908\n  4\n}\n") == [
        "CCL0902",
        "CCL0913",
    ]


@pytest.mark.parametrize(
    ("comment", "reason", "near"),
    [
        ("ccl: allow CCL0401", "`CCL0401` is an error, and only warnings can be allowed", None),
        ("ccl: allow CCL0999", "there is no warning `CCL0999`", "CCL0909"),
        ("ccl: allow unused", "there is no warning `unused`", None),
        ("ccl: allow", "it names no code", None),
        ("ccl: alow CCL0902", "`alow` is not `allow`", "allow"),
    ],
)
def test_comment_that_allows_nothing_is_reported(
    comment: str, reason: str, near: str | None
) -> None:
    (each,) = found(f"execution {{\n  3 // {comment}\n}}\n")
    assert each.code == "CCL0914"
    assert each.facts["reason"] == reason
    if near is not None:
        assert each.facts["nearest"] == near


def test_errors_are_never_lowered() -> None:
    text = "// ccl: allow CCL0401, CCL0201\nexecution {\n  1 + missing // ccl: allow CCL0201\n}\n"
    assert [each for each in codes(text) if each != "CCL0914"] == ["CCL0201"]


def test_unmet_allowance_is_not_reported_beside_errors() -> None:
    """What is unused is not looked for in a program with errors."""
    assert codes(f"execution {{\n  let x = missing; {ALLOW}\n  4\n}}\n") == ["CCL0201"]


def test_imported_file_has_comments_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "lib.ccl").write_text(
        "fn used() -> Integer {\n  let x = 1; // ccl: allow CCL0902\n  2 // ccl: allow CCL0908\n}\n"
    )
    root = (tmp_path / "a.ccl").as_posix()
    importing = 'import "lib.ccl" as lib;\nexecution { lib.used() }\n'
    assert found(importing, root) == ()
    packing = 'execution { log(string(module("job.ccl"))); }\n'
    (tmp_path / "job.ccl").write_text("execution {\n  let x = 1; // ccl: allow CCL0902\n  2\n}\n")
    assert found(packing, root) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "let {0} = 3;",
        "let {0} = max({0}_a, {0}_b) + max({0}_a, {0}_b);",
        "let {0} = [{0}_a, {0}_b, {0}_a, {0}_b, {0}_a];",
        "let {0} = {0}_a + {0}_b * {0}_a + {0}_b * {0}_a + {0}_b;",
        "let {0} = if {0}_a > 1 {{ {0}_a }} else {{ {0}_b * {0}_a + {0}_b * {0}_a + {0}_a }};",
        "let {0} = [{0}_a, {0}_b].map(each => {{ each + {0}_a }}).filter(each => each > {0}_b);",
        "let {0} = Pair {{ first: {0}_a + {0}_b * 2, second: {0}_b + {0}_a * 2 + {0}_b * 3 }};",
        "let {0} = match {0}_a {{ 1 => {0}_a, _ => {0}_b }};",
        "if {0}_a + {0}_b + {0}_a > 1 && {0}_b + {0}_a > 2 && [{0}_a].length() >= 0 {{ }}",
        'require({0}_a + {0}_b + {0}_a > 1 && {0}_b > 2 && [{0}_a].length() >= 0, "no");',
    ],
)
@pytest.mark.parametrize("name", ["x", LONG])
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("place", ["behind", "above", "inside"])
def test_allowance_survives_the_layout(statement: str, name: str, broken: bool, place: str) -> None:
    comment = "// ccl: allow CCL0902, CCL0908"
    code = statement.format(name)
    if broken:
        code = code.replace(" ", "\n  ").replace("\n  {", " {")
    if place == "inside":
        head, separator, tail = code.partition(" ")
        code = f"{head}{separator}{comment}\n{tail}"
    elif place == "above":
        code = f"{comment}\n{code}"
    elif code.endswith("}"):
        # behind its head: the end of a block is about nothing but its line
        head, brace, tail = code.partition("{")
        code = f"{head}{brace} {comment}\n{tail}"
    else:
        code = f"{code} {comment}"
    program = (
        "struct Pair { first: Integer, second: Integer }\n"
        f"export fn f({name}_a: Integer, {name}_b: Integer) -> Integer {{\n{code}\n"
        f"  {name}_a + {name}_b\n}}\n"
        "export fn g() -> Pair { Pair { first: 1, second: 2 } }\n"
    )

    def remaining(text: str) -> set[str]:
        return {each.code for each in found(text)} - {"CCL0913"}

    assert {"CCL0902", "CCL0908"} & {each.code for each in found(program.replace(comment, "//"))}
    assert remaining(program) == set()
    formatted = format_text(program, "test.ccl").text
    assert formatted is not None
    assert comment in formatted
    assert remaining(formatted) == set(), formatted


# --- ccl.toml ----------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


UNUSED = "execution {\n  let x = 3;\n  4\n}\n"


@pytest.mark.parametrize(
    ("level", "severity"), [("allow", None), ("warn", "warning"), ("deny", "error")]
)
def test_project_has_levels(project: Path, level: str, severity: str | None) -> None:
    (project / "ccl.toml").write_text(f'[lints]\nCCL0902 = "{level}"\n')
    path = (project / "a.ccl").as_posix()
    compiled = compile_text(UNUSED, path=path)
    severities = [each.severity.value for each in compiled.compilation.sink.diagnostics]
    assert severities == ([] if severity is None else [severity])
    assert (compiled.wasm is None) == (level == "deny")
    # what is nearer counts
    allowed = UNUSED.replace("3;", f"3; {ALLOW}")
    assert found(allowed, path) == ()


def test_denied_warning_of_a_packed_module_is_an_error(project: Path) -> None:
    (project / "ccl.toml").write_text('[lints]\nCCL0902 = "deny"\n')
    (project / "job.ccl").write_text(UNUSED)
    text = 'execution { log(string(module("job.ccl"))); }\n'
    compiled = compile_text(text, path=(project / "a.ccl").as_posix())
    assert compiled.wasm is None
    assert [each.code for each in compiled.compilation.sink.diagnostics] == ["CCL0703", "CCL0902"]


def test_levels_change_no_module(project: Path) -> None:
    path = (project / "a.ccl").as_posix()
    before = compile_text(UNUSED, path=path).cid
    (project / "ccl.toml").write_text('[lints]\nCCL0902 = "allow"\n')
    assert compile_text(UNUSED, path=path).cid == before is not None


@pytest.mark.parametrize("text", ["", "# nothing\n", "[lints]\n", "lints = {}\n", "\ufeff[lints]"])
def test_empty_configuration_is_accepted(project: Path, text: str) -> None:
    (project / "ccl.toml").write_text(text, encoding="utf-8")
    assert read_levels(project / "ccl.toml") == {}


@pytest.mark.parametrize("form", ['[lints]\n"CCL0902" = "deny"', 'lints.CCL0902 = "deny"'])
def test_configuration_is_read_as_toml(project: Path, form: str) -> None:
    (project / "ccl.toml").write_text(form)
    assert read_levels(project / "ccl.toml") == {"CCL0902": Level.DENY}


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ('[lint]\nCCL0902 = "deny"\n', 1, "unknown key `lint`", "did you mean `lints`?"),
        ("\n\nallow_path = ['/']\n", 3, "unknown key `allow_path`", "valid here: [lints]"),
        (
            '[lints]\n# style\nCCL0920 = "deny"\n',
            3,
            "there is no warning `CCL0920`",
            "did you mean `CCL0902`?",
        ),
        ('[lints]\nCCL0401 = "warn"\n', 2, "`CCL0401` is an error, and only warnings", "cclc"),
        ('[lints]\nCCL0902 = "denny"\n', 2, "`CCL0902` has no level 'denny'", "did you mean"),
        ("[lints]\nCCL0902 = 2\n", 2, "`CCL0902` has no level 2", 'valid here: "allow", "warn"'),
        ("[lints]\nCCL0902 = { level = 1 }\n", 2, "`CCL0902` has no level {'level'", "valid here"),
        ("lints = 3\n", 1, "`lints` is not a table", "[lints]"),
        ('[lints]\nCCL0902 = "a\n', 2, "is not TOML", "[lints]"),
        ('[lints]\nCCL0902 = "allow"\nCCL0902 = "deny"\n', 3, "is not TOML", "[lints]"),
        ("[lints]\nCCL0902 = [", 2, "is not TOML", "[lints]"),
        ("x = " + "[" * 20_000, None, "is nested too deeply", "levels"),
        ("# " + "x" * 70_000, None, "has more than 65536 characters", "levels"),
        ("x = " + "9" * 5000, None, "is not TOML", "[lints]"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_invalid_configuration_is_reported_with_its_place(
    project: Path, text: str, line: int | None, message: str, hint: str
) -> None:
    path = project / "ccl.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        read_levels(path)
    with pytest.raises(ConfigurationError):
        check_text("execution { 1 }", path=(project / "a.ccl").as_posix())
    place = f"{path}: " if line is None else f"{path}:{line}: "
    assert str(raised.value).startswith(place + message)
    assert hint in raised.value.hint


def test_configuration_in_another_encoding_is_reported(project: Path) -> None:
    path = project / "ccl.toml"
    path.write_bytes("[lints]".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="cannot be read: it is UTF-16 text"):
        read_levels(path)


# --- every warning -----------------------------------------------------------------------

WARNINGS = sorted(
    code for code, template in TEMPLATES.items() if template.severity is Severity.WARNING
)
ABOUT_COMMENTS = {"CCL0913", "CCL0914"}
NO_STATEMENT = {"CCL0910"}
"""A file with nothing in it has no statement either."""


def of_code(text: str, code: str) -> tuple[Diagnostic, ...]:
    return tuple(each for each in found(text, "page.ccl") if each.code == code)


def commented(text: str, offset: int, comment: str, *, above: bool) -> str:
    """The text with a comment behind or above the line of the offset."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    if above:
        return f"{text[:start]}{comment}\n{text[start:]}"
    return f"{text[:end]} {comment}{text[end:]}"


@pytest.mark.parametrize("code", [each for each in WARNINGS if each not in ABOUT_COMMENTS])
@pytest.mark.parametrize("place", ["behind", "above", "file"])
def test_every_warning_can_be_allowed_where_it_is(code: str, place: str) -> None:
    page = load_page(code)
    assert page is not None
    comment = f"// ccl: allow {code}"
    for example in page.examples("wrong"):
        text = f"\n{example}"
        while place != "file" and (left := of_code(text, code)):
            if code in NO_STATEMENT:
                return
            changed = commented(text, left[0].span.start, comment, above=place == "above")
            assert len(of_code(changed, code)) < len(left), changed
            text = changed
        if place == "file":
            text = f"{comment}\n{text}"
        assert of_code(text, code) == ()
        assert of_code(text, "CCL0913") == ()
        formatted = format_text(text, "page.ccl").text
        assert formatted is not None
        assert formatted.count(comment) == text.count(comment)
        assert of_code(formatted, code) == (), formatted
        assert of_code(formatted, "CCL0913") == (), formatted
