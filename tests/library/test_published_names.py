"""Names that published CCL calls exist without an import and mean what `published_names` says."""

from functools import cache

import pytest
from ccl_machine import run
from published_names import PRELUDE, SECTIONS
from published_names.case import Case

from ccl.pipeline import compile_text
from runtime.content.cid import Cid
from runtime.execution.execution import OutcomeKind

CASES = [
    pytest.param(section, number, case, id=f"{case.name}-{number}")
    for section, cases in SECTIONS.items()
    for number, case in enumerate(cases)
]
_OF_THE_PROGRAM = ("write-state", "declare-state", "emit")


@cache
def _module(section: str) -> bytes:
    """Every case of a section as an export of one program."""
    functions = "".join(
        f"export fn case_{number}() {{ {case.code} }}\n"
        for number, case in enumerate(SECTIONS[section])
    )
    compiled = compile_text(PRELUDE + functions, path="published.ccl")
    found = [
        (
            each.code,
            compiled.compilation.sources.of(each.span).text[each.span.start : each.span.end],
        )
        for each in compiled.compilation.sink.diagnostics
    ]
    assert compiled.wasm is not None, found
    return compiled.wasm


def _plain(value: object) -> object:
    match value:
        case Cid():
            return str(value)
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize(("section", "number", "case"), CASES)
def test_name(section: str, number: int, case: Case) -> None:
    records = {"roles": list(case.roles)} if case.roles else {}
    ran = run(_module(section), entry=f"case_{number}", records=records)
    if case.trap is not None:
        assert ran.outcome.kind is OutcomeKind.TRAPPED
        assert ran.outcome.reason == case.trap
        return
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert _plain(ran.value) == case.value
    assert tuple(k for k, _ in ran.effects if k not in _OF_THE_PROGRAM) == case.effects
    if case.log is not None:
        assert tuple(ran.log) == case.log
