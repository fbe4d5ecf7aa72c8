"""Limits of the sandbox that the compiler reports: with place, reason and help."""

from pathlib import Path

import pytest
from commands import run
from msgspec.structs import replace

from ccl.abi.limits import MODULE_LIMITS
from ccl.artifacts.compilation import Refused
from ccl.diagnostics.model import Diagnostic
from ccl.pipeline import check_text, compile_text
from runtime.module.check import ModuleFacts, Rejection, check_module

LIMIT = MODULE_LIMITS.parameters


def parameters(count: int) -> str:
    return ", ".join(f"a{i}: Integer" for i in range(count))


def lets(count: int) -> str:
    return " ".join(f"let v{i} = {i} + k;" for i in range(count))


def total(count: int) -> str:
    return " + ".join(["x", *(f"v{i}" for i in range(count))])


def wide(count: int) -> dict[str, str]:
    """Programs with a function of so many parameters, by what makes it one."""
    ones, inner = ", ".join("1" * count), f"x => {total(count - 1)}"
    each = "fn each(xs: [Integer], f) -> [Integer] { let r = []; for x in xs { r.push(f(x)); } r }"
    pair = f"fn both(f, g, {parameters(count - 20)}) -> Integer {{ f(a0) + g(a1) }}"
    tens = ", ".join("1" * (count - 20))
    return {
        "fn": f"fn f({parameters(count)}) {{ a0 }} execution {{ f({ones}) }}",
        "export": f"export fn f({parameters(count)}) -> Integer {{ a0 }}",
        "contract": f"contract C {{ export fn f({parameters(count)}) -> Integer {{ a0 }} }}",
        "generic": f"fn f<T>(b: T, {parameters(count - 1)}) {{ a0 }} execution {{ f({ones}) }}",
        "inline": f"{each} execution {{ let k = input().length(); {lets(count - 1)} "
        f"each([1], {inner}) }}",
        "given": f"{pair} execution {{ let k = input().length(); {lets(10)} "
        f"both(x => {total(10)}, x => {total(10)}, {tens}) }}",
    }


def errors(found: list[Diagnostic]) -> list[Diagnostic]:
    return [each for each in found if not each.code.startswith("CCL09")]


@pytest.mark.parametrize("form", wide(LIMIT))
def test_function_of_too_many_parameters_is_an_error(form: str) -> None:
    most = compile_text(wide(LIMIT)[form])
    assert most.wasm is not None, errors(most.compilation.sink.diagnostics)
    assert isinstance(check_module(most.wasm), ModuleFacts)
    text = wide(LIMIT + 1)[form]
    (found,) = errors(check_text(text).sink.diagnostics)
    assert found.code == "CCL0605"
    place = text[found.span.start : found.span.end]
    declared = {"fn": 64, "export": 64, "contract": 64, "generic": 63}
    assert place == {"inline": f"x => {total(LIMIT)}", "given": "both"}.get(
        form, f"a{declared.get(form)}"
    )


LOOPS = "for y in xs { for z in xs { r += y + z; } }\n"
PROGRAM = f"""
state kept = 1;
fn quick(x: Integer) -> Integer {{ x + 1 }}
fn slow(xs: [Integer]) -> Integer {{ let r = 0;\n{LOOPS * 20} quick(r) }}
execution {{ kept += slow([9]); log("some text"); kept }}
"""


@pytest.mark.parametrize(
    ("limit", "most", "place"),
    [
        ("module_bytes", 1000, ""),
        ("functions", 5, ""),
        ("locals_total", 3, ""),
        ("imports", 1, ""),
        ("exports", 2, ""),
        ("types", 2, ""),
        ("globals", 2, ""),
        ("segments", 0, ""),
        ("module_cost", 1_000_000, ""),
        ("section_items", 10, ""),
        ("section_bytes", 20, ""),
        ("function_bytes", 3000, "fn slow"),
        ("function_cost", 12_000_000, "fn slow"),
    ],
)
def test_module_over_a_limit_is_an_error(limit: str, most: int, place: str) -> None:
    limits = replace(MODULE_LIMITS, **{limit: most})

    def admission(module: bytes) -> Refused | None:
        found = check_module(module, limits)
        if not isinstance(found, Rejection):
            return None
        return Refused(reason=found.reason, functions_after=found.functions_after)

    assert compile_text(PROGRAM).wasm is not None
    compiled = compile_text(PROGRAM, admission=admission)
    assert compiled.wasm is None and compiled.cid is None
    (found,) = compiled.compilation.sink.diagnostics
    assert (found.code, bool(found.facts["reason"])) == ("CCL0605", True)
    assert PROGRAM[found.span.start : found.span.end].startswith(place)
    assert bool(place) == (found.span.end > 0)


def test_commands_refuse_what_the_sandbox_would(tmp_path: Path) -> None:
    slow = f"fn slow(xs: [Integer]) -> Integer {{ let r = 0;\n{LOOPS * 330} r }}"
    (tmp_path / "a.ccl").write_text(f"{slow}\nexecution {{ slow([1]) }}")
    (tmp_path / "b.ccl").write_text('execution { module("./a.ccl") }')
    for words in (("ccl", "run", "a.ccl"), ("cclc", "compile", "b.ccl")):
        done = run(*words[:2], tmp_path / words[2], home=tmp_path / "home")
        assert done.code == 1, done.err
        assert "error[CCL0605]: limit exceeded: a function that would take" in done.err
        assert "a.ccl:1:1" in done.err and "split it into smaller functions" in done.err
    assert not [*tmp_path.glob("*.wasm")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("state NAME = 1; execution { NAME += 1; NAME }", "NAME"),
        ("contract NAME { state n = 1; export fn f() { n += 1; n } }", "n"),
        ("struct NAME { x: Integer } execution { emit NAME { x: 1 }; }", "NAME { x: 1 }"),
        ("enum E { NAME, B } execution { emit E::NAME; }", "E::NAME"),
        ('execution { emit "NAME"; }', '"NAME"'),
        ('execution { emit "NAME" { x: 1 }; }', '"NAME"'),
    ],
)
@pytest.mark.parametrize("letter", ["a", "\u0101"])
def test_name_that_no_host_takes_is_an_error(text: str, place: str, letter: str) -> None:
    for size, codes in ((256, []), (258, ["CCL0605"])):
        name = letter * (size // len(letter.encode()))
        found = errors(check_text(text.replace("NAME", name)).sink.diagnostics)
        assert [each.code for each in found] == codes
    written = text.replace("NAME", name)
    assert written[found[0].span.start : found[0].span.end] == place.replace("NAME", name)


def test_types_that_no_host_stores_are_errors() -> None:
    kinds = "".join(f"struct S{i} {{ {'x' * 200}{i}: Integer }}" for i in range(330))
    fields = ", ".join(f"f{i}: S{i}" for i in range(330))
    text = f"{kinds} struct All {{ {fields} }} state all: [All] = []; execution {{ all.length() }}"
    (found,) = errors(check_text(text).sink.diagnostics)
    assert (found.code, text[found.span.start : found.span.end]) == ("CCL0605", "all")
    lines = [f"state s{i}{'x' * 200} = {i};" for i in range(1300)]
    uses = [f"s{i}{'x' * 200}" for i in range(1300)]
    text = "\n".join([*lines, f"execution {{ [{', '.join(uses)}].sum() }}"])
    found = errors(check_text(text).sink.diagnostics)[0]
    assert found.code == "CCL0605" and found.facts["reason"].endswith("262144 are stored")


def test_whole_program_that_takes_too_long_to_compile_is_compiled_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.ccl").write_text(PROGRAM)
    words = ("cclc", "compile", tmp_path / "a.ccl")
    assert "note:" not in run(*words, home=tmp_path / "home").err
    few = replace(MODULE_LIMITS, module_cost=1_000_000)
    monkeypatch.setattr("ccl.cli.admission.MODULE_LIMITS", few)
    done = run(*words, home=tmp_path / "home")
    assert done.code == 0 and "no node executes this module" in done.err
    assert (tmp_path / "a.wasm").exists()
    monkeypatch.setattr("ccl.cli.admission.MODULE_LIMITS", replace(few, functions=5))
    assert run(*words, home=tmp_path / "home").code == 1
