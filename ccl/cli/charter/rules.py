"""The charter as it is compiled: an ordered list, each entry with its conditions.

`ccl charter` shows this list as decided in one context.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from ccl.codegen.charter_export import plain
from ccl.ir.typed import (
    ALWAYS,
    CharterDecision,
    CharterNode,
    CharterProperty,
    CharterSection,
    Guard,
    Program,
)
from ccl.source.spans import SourceMap


def charter_rules(program: Program, sources: SourceMap) -> dict[str, Any]:
    """Lists `entries` as written, and the `conditions` that they name by number."""
    return {
        "entries": _entries(program.charter),
        "conditions": [
            {
                "text": condition.text,
                "place": sources.place(condition.span),
                "within": _tests(condition.when),
            }
            for condition in program.conditions
        ],
    }


def _entries(nodes: Sequence[CharterNode]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for node in nodes:
        match node:
            case CharterProperty():
                entry = {"property": node.key, "value": plain(node.value)}
                if node.when != ALWAYS:
                    entry["when"] = _tests(node.when)
                if node.unless:
                    entry["unless"] = [_tests(each) for each in node.unless]
                found.append(entry)
            case CharterSection():
                label = None if node.value is None else plain(node.value)
                entry = {"section": node.key, "label": label, "entries": _entries(node.entries)}
                if ALWAYS not in node.when:
                    entry["when_any"] = [_tests(each) for each in node.when]
                found.append(entry)
            case CharterDecision():
                # Only the replay needs the place of the rule.
                continue
            case _:
                assert_never(node)
    return found


def _tests(guard: Guard) -> list[dict[str, Any]]:
    ordered = sorted(guard, key=lambda test: test.condition)
    return [{"condition": test.condition, "holds": test.holds} for test in ordered]
