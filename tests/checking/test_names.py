"""A program's own names: any of them may be one of the prelude's, or one that the compiler makes.

Each form declares every name in one program and uses it; the value says that the program's own was
meant. The names are independent of each other, so one program tries them all.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from ccl_machine import run

from ccl.pipeline import check_text, compile_text
from ccl.prelude import library_index
from ccl.prelude.functions import (
    CONSTANTS,
    FUNCTIONS,
    GENERIC_TYPES,
    HANDLER_PARAMETER,
    HOST_RECORDS,
    METHODS,
    SPECIAL_FORMS,
    TEST_FORMS,
    TYPES,
)

MADE = (
    *("execution", "charter", "run", "entry", "kept", "load", "write", "initial", "invariant"),
    *("open", "vote", "close", "get", "prune", "id", "outcome", "proposal", "proposals", "role"),
    *("Parameters", "Vote", "Outcome", "Share", "Threshold", "Passed", "Yes", "std", "core"),
    *("public", "override", "extends", "version", "article", "on", "test", "None"),
)
"""Names that the compiler gives to what it makes, or that stand for something where they are."""

PRELUDE = (
    *(*FUNCTIONS, *SPECIAL_FORMS, *TEST_FORMS, *TYPES, *GENERIC_TYPES, *CONSTANTS, *HOST_RECORDS),
    *(*library_index.FUNCTIONS, *library_index.TYPES, HANDLER_PARAMETER),
    *(method for _, method in (*METHODS, *library_index.METHODS)),
)
NAMES = tuple(sorted({*PRELUDE, *MADE}))


def value_of(declarations: str, uses: Iterable[str]) -> object:
    """The sum of the uses, each a function of its own."""
    functions = [f"fn use_{i}() -> Integer {{ {use} }}" for i, use in enumerate(uses)]
    calls = " ".join(f"total += use_{i}();" for i in range(len(functions)))
    text = f"{declarations} export fn all_of_them() -> Integer {{ let total = 0; {calls} total }}"
    text = "\n".join((text, *functions))
    compiled = compile_text(text, "names.ccl")
    assert [
        (each.code, each.facts, compiled.compilation.sources.text(each.span))
        for each in compiled.compilation.sink.diagnostics
        if each.code not in ("CCL0902", "CCL0903", "CCL0906")
    ] == []
    assert compiled.wasm is not None
    return run(compiled.wasm, entry="all_of_them").value


class Form(NamedTuple):
    """How a name is declared and used. `unfit`: names that mean something in this very place."""

    declared: str
    used: str
    unfit: frozenset[str] = frozenset()


TYPE = frozenset({"Integer"})
"""It is what the fields and results of these programs are."""

FORMS = {
    "function": Form(
        "fn @(x: Integer) -> Integer { x + 1 }", "@(41)", frozenset({"run", "migrate"})
    ),
    "constant": Form("const @ = [40, 2];", "@[0] + @[1]"),
    "state": Form("state @: Array<Integer> = [41];", "@[0] += 1; @[0]", frozenset({"range"})),
    "enum": Form(
        "enum @ { A, B(Integer) } fn of_@(x: @) -> Integer { match x { @.A => 1, @::B(y) => y } }",
        "of_@(@.B(41)) + of_@(@::A)",
        TYPE,
    ),
    "variant": Form(
        "enum E_@ { @, B } fn of_@(x: E_@) -> Integer { match x { E_@.@ => 42, _ => 0 } }",
        "of_@(E_@.@)",
    ),
    "struct": Form("struct @ { a: Integer }", "let s = @ { a: 42 }; s.a", TYPE),
    "field": Form("struct S_@ { @: Integer }", "let s = S_@ { @: 41 }; s.@ += 1; s.@"),
    "parameter": Form("fn of_@(@: Integer) -> Integer { @ + 1 }", "of_@(41) + of_@(@: 41) - 42"),
    "variable": Form("", "let @ = 41; @ = @ + 1; for @ in [@] { return @; } 0"),
    "contract": Form(
        "contract @ { state n: Integer = 41; fn more() -> Integer { n += 1; n } }", "@.more()"
    ),
    "member": Form("contract C_@ { fn @(x: Integer) -> Integer { x + 1 } }", "C_@.@(41)"),
    "role": Form("role @ { requires: true; }", "if caller_has_role(@) { 0 } else { 42 }"),
}


@pytest.mark.parametrize("form", FORMS)
def test_any_name_can_be_declared(form: str) -> None:
    declared, used, unfit = FORMS[form]
    names = [each for each in NAMES if each not in unfit]
    declarations = "\n".join(declared.replace("@", each) for each in names)
    assert value_of(declarations, [used.replace("@", each) for each in names]) == 42 * len(names)


PROPOSAL_NAMES = ("Outcome", "Vote", "Share", "execution", "open", "role", "proposal", "charter")


@pytest.mark.parametrize("name", PROPOSAL_NAMES)
def test_proposal_may_have_any_name_and_parameter(name: str) -> None:
    declarations = f"""
      state members: Array<Did> = [caller()];
      state kept: Integer = 0;
      proposal {name} {{
        electorate: members;
        voting_period: 1d;
        parameters {{ {name}: Integer; }}
        execution {{ kept += {name}; }}
      }}
    """
    used = f'let n = {name}.open(41); {name}.vote(n, "Yes"); {name}.get(n).parameters.{name} + n'
    assert value_of(declarations, [used]) == 42


@pytest.mark.parametrize("name", ["outcome", "id", "vote", "caller", "now", "Map", "Integer"])
def test_declarations_do_not_change_the_meaning_of_a_proposal(name: str) -> None:
    """The name as that of a function, a constant and a type."""
    rules = """
      proposal Spend { electorate: members; voting_period: 1d; parameters { n: Decimal; } }
      state members: Array<Did> = [did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")];
    """
    used = ['let n = Spend.open(0.5); Spend.vote(n, "Yes"); if n == 1 { 42 } else { 0 }']
    for declared in (f"fn {name}() {{ }}", f"const {name} = 5;"):
        assert value_of(rules + declared, used) == 42
    if name != "Integer":
        assert value_of(f"{rules} struct {name} {{ a: Bool }}", used) == 42


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ('"abc".index_of("a", 0, 1)', "index_of"),
        ('"abc".substring("a")', "substring"),
        ("[1].slice()", "slice"),
        ("C.P.close()", "close"),
        ("C.P.vote(1)", "vote"),
    ],
)
def test_wrong_call_shows_the_name_as_written(call: str, name: str) -> None:
    text = (
        "contract C {\n  state members: Map<Did, Bool> = map_new();\n"
        '  proposal P { electorate: members; execution { log("x"); } }\n}\n'
        f"execution {{ {call}; }}\n"
    )
    found = check_text(text, path="a.ccl").sink.diagnostics
    shown = [each.facts["name"] for each in found if each.code in ("CCL0403", "CCL0436")]
    assert shown == [name]
