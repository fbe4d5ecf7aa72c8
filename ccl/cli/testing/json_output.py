"""A test run as programs read it: one JSON object, or one a line for each test."""

from collections.abc import Sequence
from typing import Any

from ccl.cli.testing.rehearsals import Failure, Verdict, trap_text
from ccl.cli.testing.suite import Broken, Suite
from ccl.cli.testing.text_output import Outcomes, Tested, backtrace_of, failure_place
from ccl.cli.testing.value_text import value_lines
from ccl.diagnostics.render.formats.json import json_value
from runtime.content.codec import decode
from runtime.terminal.errors import CommandError


def as_value(outcomes: Outcomes, unread: Sequence[CommandError], seconds: float) -> dict[str, Any]:
    tested = [each for each in outcomes if isinstance(each, Tested)]
    failed = sum(len(each.failed) for each in tested)
    return {
        "passed": sum(len(each.verdicts) for each in tested) - failed,
        "failed": failed,
        "not_compiled": len(outcomes) - len(tested),
        "unread": [{"code": each.code, "message": each.message} for each in unread],
        "seconds": round(seconds, 3),
        "files": [file_value(each) for each in outcomes],
    }


def file_value(outcome: Tested | Broken) -> dict[str, Any]:
    if isinstance(outcome, Broken):
        found = outcome.findings
        shown = json_value(found.shown, found.sources)
        return {
            "path": outcome.path,
            "diagnostics": shown["diagnostics"],
            "summary": shown["summary"],
            "tests": [],
        }
    suite = outcome.suite
    return {
        "path": suite.path,
        "diagnostics": [],
        "summary": {"errors": 0, "errors_shown": 0, "warnings": 0},
        "tests": [verdict_value(suite, each) for each in outcome.verdicts],
    }


def verdict_value(suite: Suite, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "outcome": "passed" if verdict.failure is None else "failed",
        "milliseconds": verdict.milliseconds,
        "executions": verdict.executions,
        "fuel": verdict.fuel,
        "logs": list(verdict.logs),
        "failure": None if verdict.failure is None else _failure(suite, verdict.failure),
        "trace": [] if verdict.failure is None else list(backtrace_of(suite, verdict.failure)),
    }


def _failure(suite: Suite, failure: Failure) -> dict[str, Any]:
    value: dict[str, Any] = {
        "kind": failure.outcome.kind.value,
        "reason": trap_text(failure.outcome),
        "article": failure.outcome.article,
        "expected": None if failure.expected is None else failure.expected.reason,
        **dict.fromkeys(("path", "line", "column", "left", "right")),
    }
    found = failure_place(suite, failure)
    if found is not None:
        source, span, _ = found
        at = source.position(span.start)
        value |= {"path": source.path, "line": at.line, "column": at.column}
    if failure.compared is not None:
        for side, data in (("left", failure.compared.left), ("right", failure.compared.right)):
            value[side] = "\n".join(value_lines(failure.compared.kind, decode(data), suite.abi))
    return value


def as_items(outcome: Tested | Broken) -> list[dict[str, Any]]:
    """Lists an object for each test, and for each file that does not compile."""
    value = file_value(outcome)
    if isinstance(outcome, Broken):
        shown = value["diagnostics"]
        return [{"path": value["path"], "outcome": "not-compiled", "diagnostics": shown}]
    return [{"path": value["path"], **each} for each in value["tests"]]
