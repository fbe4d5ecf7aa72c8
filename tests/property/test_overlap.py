"""A parameter is the caller's object: programs as text against an interpreter of references.

A program that is accepted has the interpreter's value, and one is only refused where a root occurs
in two arguments of a call, or a callee reaches the state.
"""

from random import Random

import pytest
from ccl_machine import run
from effort import seeds
from overlap_interpreter import Interpreter, Trap
from overlap_programs import Writer, may_overlap, stateful_functions
from overlap_texts import text_of

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

PROGRAMS_PER_SEED = 60
OVERLAPS = {"CCL0448", "CCL0449", "CCL0453"}


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_accepted_programs_keep_to_references(seed: int) -> None:
    accepted = refused = 0
    for number in range(seed * PROGRAMS_PER_SEED, (seed + 1) * PROGRAMS_PER_SEED):
        writer = Writer(Random(number))
        body = writer.program()
        text = text_of(writer.functions, body)
        compiled = compile_text(text, path="generated.ccl")
        errors = {
            each.code
            for each in compiled.compilation.sink.diagnostics
            if not each.code.startswith("CCL09")
        }
        if errors:
            refused += 1
            assert errors <= OVERLAPS, f"{number} {errors - OVERLAPS}\n{text}"
            stateful = stateful_functions(writer.functions)
            everything = [each.body for each in writer.functions] + [body]
            assert may_overlap(everything, stateful), f"{number} {errors}\n{text}"
            continue
        accepted += 1
        assert compiled.wasm is not None
        ran = run(compiled.wasm)
        try:
            expected: object = Interpreter(writer.functions).run(body)
        except Trap:
            expected = OutcomeKind.TRAPPED
        found = ran.outcome.kind if ran.output is None else ran.value
        assert found == expected, f"{number}: {found}, expected {expected}\n{text}"
    assert accepted > PROGRAMS_PER_SEED // 10, f"{accepted} accepted, {refused} refused"
