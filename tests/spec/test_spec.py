"""The language chapter by chapter: each ```ccl block of the Markdown beside this is a test.

Expectations are comments in the block. On the line of the error: `// error: [CCL0401]`,
`// warning: [CCL0901]` (several codes in one bracket are allowed), `// trap: reason`.
Anywhere: `// result: JSON`, `// log: line`, `// submits: JSON` (a part of the submission),
`// effect: ["kind", JSON]` (all but submissions, in order, a part of each one's fields),
`// charter: JSON` (as `ccl charter` shows it, under the `// context: JSON` before it) and
`// undecided: field` (all of that charter, in order), and for the run `// entry: name`,
`// arguments: JSON`, `// input: JSON` (a string), `// ctx: JSON`. A block without errors must
compile; if it has the entry it must run to its end. Every diagnostic must be expected.
Of tests, anywhere `// passes: name`, and on the line of the fault `// fails: name: reason`.

Calls of exports one after the other, over one state: `// call: add [5] => 8`, `=> trap` where a
`// trap:` says of what (in order), nothing where the value is of no interest. `// continues`:
they begin with the state that the block before left. `// stored: JSON` is what is stored then.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from ccl_machine import Kept, Ran, run
from ccl_rehearsals import rehearse
from module_digests import recorded, section_digests, spec_name
from spec_blocks import BLOCKS, Block

from ccl.cli.charter.forms import charter_value
from ccl.cli.charter.view import Undecided, undecided
from ccl.cli.testing.discovery import TestFile
from ccl.cli.testing.rehearsals import trap_text
from ccl.cli.testing.suite import Suite, compile_suite
from ccl.cli.testing.text_output import failure_place
from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.pipeline import compile_text
from runtime.content.cid import Cid
from runtime.content.codec import decode
from runtime.execution.execution import OutcomeKind
from runtime.module.backtrace import LIBRARY_PREFIX, backtrace_places, calls_to
from runtime.sandbox.results import nested_charter

_OF_STATE = ("write-state", "declare-state", "forget-state")
"""Effects that `// stored:` is about."""


def plain(value: Any) -> Any:
    """A decoded value as JSON would show it."""
    match value:
        case Cid():
            return str(value)
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"{b.chapter}:{b.line}")
def test_block(block: Block) -> None:
    compiled = compile_text(block.text, path="spec.ccl")
    compilation = compiled.compilation
    found = {
        (compilation.sources.of(d.span).position(d.span.start).line, d.code)
        for d in compilation.sink.diagnostics
    }
    expected = {
        (number, code)
        for number, kind, text in block.expectations
        if kind in ("error", "warning")
        for code in re.findall(r"CCL\d{4}", text)
    }
    assert found == expected
    for number, kind, text in block.expectations:
        for code in re.findall(r"CCL\d{4}", text) if kind in ("error", "warning") else ():
            assert severity_of(code) is Severity(kind), f"line {number}"
    if any(kind == "error" for _, kind, _ in block.expectations):
        assert compiled.wasm is None
        return
    assert compiled.wasm is not None
    assert compilation.program is not None
    assert section_digests(compiled.wasm) == recorded().get(spec_name(block)), (
        "is it meant? then run tests/support/module_digests.py"
    )
    if any(kind in ("passes", "fails") for _, kind, _ in block.expectations):
        check_tests(block)
        return
    if any(kind == "charter" for _, kind, _ in block.expectations):
        check_charter(block, compiled.wasm)
        return
    if any(kind == "call" for _, kind, _ in block.expectations):
        check_calls(block, compiled.wasm)
        return
    entry = block.only("entry") or "run"
    exports = {each.name for each in compilation.program.exports}
    if entry in exports:
        check_run(block, entry, compiled.wasm)
    else:
        kinds = {kind for _, kind, _ in block.expectations}
        assert kinds <= {"warning"}, "nothing here is run"


def check_run(block: Block, entry: str, wasm: bytes) -> None:
    arguments, text, ctx = block.only("arguments"), block.only("input"), block.only("ctx")
    given = None if arguments is None else json.loads(arguments)
    ran = run(
        wasm,
        entry=entry,
        arguments=given if ctx is None else [json.loads(ctx)],
        text=None if text is None else json.loads(text),
    )
    traps = [(number, text) for number, kind, text in block.expectations if kind == "trap"]
    if traps:
        check_trap(ran, wasm, *traps[0])
    else:
        assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    result = block.only("result")
    if result is not None:
        assert plain(ran.value) == json.loads(result)
    logs = [text for _, kind, text in block.expectations if kind == "log"]
    if logs:
        assert ran.log == logs
    submits = [json.loads(text) for _, kind, text in block.expectations if kind == "submits"]
    if submits:
        submitted = [plain(fields) for kind, fields in ran.effects if kind == "submit-job"]
        assert [
            {k: s.get(k) for k in e} for s, e in zip(submitted, submits, strict=True)
        ] == submits
    check_effects(block, ran.effects)


def check_effects(block: Block, effects: list[Any]) -> None:
    expected = [json.loads(text) for _, kind, text in block.expectations if kind == "effect"]
    if expected:
        found = [[kind, shown(fields)] for kind, fields in effects if kind != "submit-job"]
        assert [kind for kind, _ in found] == [kind for kind, _ in expected], found
        for (_, fields), (_, part) in zip(found, expected, strict=True):
            assert {key: fields[key] for key in part} == part


def shown(fields: dict[str, Any]) -> dict[str, Any]:
    """An effect's fields as JSON would show them; values that crossed as bytes are read."""
    return {
        key: plain(decode(value) if isinstance(value, bytes) else value)
        for key, value in fields.items()
    }


def check_calls(block: Block, wasm: bytes) -> None:
    traps = [(number, text) for number, kind, text in block.expectations if kind == "trap"]
    kept = Kept()
    if block.only("continues") is not None:
        assert block.before is not None
        kept = left_by(block.before)
    logs: list[str] = []
    effects: list[Any] = []
    for call in calls_of(block):
        ran = run(wasm, entry=call.entry, arguments=call.arguments, kept=kept)
        if call.expected == "trap":
            check_trap(ran, wasm, *traps.pop(0))
        else:
            assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
            if call.expected:
                assert plain(ran.value) == json.loads(call.expected), call
        logs += ran.log
        effects += [each for each in ran.effects if each[0] not in _OF_STATE]
    assert traps == []
    listed = [text for _, kind, text in block.expectations if kind == "log"]
    assert not listed or logs == listed
    check_effects(block, effects)
    stored = block.only("stored")
    if stored is not None:
        assert plain(kept.stored) == json.loads(stored)


@dataclass(frozen=True)
class Call:
    entry: str
    arguments: list[Any]
    expected: str


def calls_of(block: Block) -> list[Call]:
    found = []
    for _, kind, text in block.expectations:
        if kind == "call":
            asked, _, expected = text.partition("=>")
            entry, _, arguments = asked.strip().partition(" ")
            found.append(Call(entry, json.loads(arguments or "[]"), expected.strip()))
    return found


def left_by(block: Block) -> Kept:
    """The state after the calls of a block."""
    kept = Kept()
    if block.only("continues") is not None:
        assert block.before is not None
        kept = left_by(block.before)
    wasm = compile_text(block.text, path="spec.ccl").wasm
    assert wasm is not None
    for call in calls_of(block):
        run(wasm, entry=call.entry, arguments=call.arguments, kept=kept)
    return kept


def check_charter(block: Block, wasm: bytes) -> None:
    """Each `charter` under the `context` before it; `undecided` after it are all there are."""
    records: dict[str, Any] = {}
    listed: list[Undecided] = []
    for _, kind, text in block.expectations:
        match kind:
            case "context":
                records = json.loads(text)
            case "charter":
                assert listed == [], "every undecided condition is expected"
                ran = run(wasm, entry="charter", records=records)
                assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
                replayed = nested_charter(ran.charter)
                value = charter_value(replayed)
                assert value == json.loads(text)
                assert json.dumps(value) == json.dumps(json.loads(text)), "the order"
                listed = list(undecided(replayed))
            case "undecided":
                assert listed.pop(0).missing == text
            case _:
                pass
    assert listed == [], "every undecided condition is expected"


def check_tests(block: Block) -> None:
    """Checks that every test of the block passes or fails as expected."""
    suite = compile_suite(TestFile(path="spec.ccl", text=block.text), lambda _: True)
    assert isinstance(suite, Suite)
    expected = {}
    for number, kind, text in block.expectations:
        if kind in ("passes", "fails"):
            name, _, reason = text.partition(": ")
            expected[name] = (number, reason) if kind == "fails" else None
    assert expected.keys() == set(suite.tests)
    for name, wanted in expected.items():
        failure, _ = rehearse(suite.module, name)
        if wanted is None:
            assert failure is None, (name, failure)
            continue
        assert failure is not None, name
        found = failure_place(suite, failure)
        assert found is not None, failure
        source, span, _ = found
        assert source.position(span.start).line == wanted[0], failure
        assert wanted[1] in trap_text(failure.outcome), failure


def check_trap(ran: Ran, wasm: bytes, line: int, text: str) -> None:
    """At the innermost line of the program's own: the library may trap in its name."""
    outcome = ran.outcome
    assert outcome.kind in (OutcomeKind.TRAPPED, OutcomeKind.FAILED, OutcomeKind.LIMIT), outcome
    assert text in f"{outcome.reason}: {outcome.detail}", outcome
    way = backtrace_places(outcome, calls_to(wasm, ran.frames))
    own = next(place for place in way if not place.startswith(LIBRARY_PREFIX))
    assert own.split(":")[:2] == ["spec.ccl", str(line)], way


def test_there_are_chapters() -> None:
    assert len({block.chapter for block in BLOCKS}) >= 10
    assert len(BLOCKS) >= 80
