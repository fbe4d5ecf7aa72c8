"""Names that the host gives to handlers: events of jobs and the fields of their `ctx`."""

import re
from pathlib import Path

import pytest
from misspelling import misspellings

from ccl.abi.events import JOB_EVENTS, JOB_FIELDS
from ccl.pipeline import check_text

ROOT = Path(__file__).parents[2]


def _codes(text: str) -> list[str]:
    return [each.code for each in check_text(text).sink.diagnostics]


@pytest.mark.parametrize("event", JOB_EVENTS)
def test_misspelt_event_is_a_warning_with_its_name(event: str) -> None:
    for misspelt in misspellings(event):
        found = check_text(f'on "{misspelt}" {{ log("x"); }}').sink
        assert [each.code for each in found.diagnostics] == ["CCL0345"], misspelt
        assert found.diagnostics[0].facts["nearest"] == event
        assert not found.has_errors


@pytest.mark.parametrize("event", ["job.finished", "job.done", "job.", "job.verified"])
def test_other_event_of_jobs_is_a_warning(event: str) -> None:
    assert _codes(f'on "{event}" {{ log("x"); }}') == ["CCL0345"]


@pytest.mark.parametrize("event", [*JOB_EVENTS, "member.joined", "jobs", "budget.completed", "j"])
def test_other_event_is_free(event: str) -> None:
    assert not _codes(f'on "{event}" {{ log("x"); }}')


@pytest.mark.parametrize("field", JOB_FIELDS)
@pytest.mark.parametrize("event", JOB_EVENTS)
def test_misspelt_field_is_an_error(event: str, field: str) -> None:
    misspelt = [each for each in misspellings(field) if each not in JOB_FIELDS]
    uses = "".join(f'if has(ctx.{each}) {{ log("x"); }}\n' for each in misspelt)
    found = check_text(f'on "{event}" {{\n{uses}}}').sink.diagnostics
    assert [each.code for each in found] == ["CCL0346"] * len(misspelt)
    assert not _codes(f'on "{event}" {{ if has(ctx.{field}) {{ log("x"); }} }}')


@pytest.mark.parametrize(
    "use", ["log(ctx.outputs)", 'log("\\(ctx.outputs)")', 'log(ctx["outputs"])', "pay(ctx.outputs)"]
)
def test_field_is_checked_in_every_form(use: str) -> None:
    text = f'fn pay(text: String) {{ log(text); }}\non "job.completed" {{ {use}; pay("x"); }}'
    (found,) = check_text(text).sink.diagnostics
    assert found.code == "CCL0346"
    (edit,) = found.fixes[0].edits
    mended = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    assert not _codes(mended)


@pytest.mark.parametrize(
    "body",
    [
        "log(ctx.customer);",
        'ctx = { outputs: "x" }; log(ctx.outputs);',
        "log(ctx.output.outputs);",
    ],
)
def test_other_field_is_free(body: str) -> None:
    assert _codes(f'on "job.failed" {{ {body} }}') == []


def test_other_event_has_fields_of_its_own() -> None:
    assert not _codes('on "member.joined" { log(ctx.outputs); }')


def test_table_of_fields_is_complete() -> None:
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    table = text.partition("| Field of `ctx` |")[2].partition("\n\n")[0]
    keys = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for key in keys for name in re.findall(r"`(\w+)`", key)} == set(JOB_FIELDS)
