"""Places in the sources of the calls of a module, for the traces of traps.

Rule: none of it is executed. The engine names a frame of the stack by its call instruction; the
table maps that to a call in the source.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ccl.abi.sections import CallSite
from ccl.codegen.module_builder import place_of
from ccl.source.spans import SourceMap, Span
from ccl.wasm.model import Instruction, Module

_FUNCTION = re.compile(r"^\(func ", re.MULTILINE)
_CALL = re.compile(r"\bcall \$")


class Call(str):
    """The instruction that calls a function of the program, with its place in the source."""

    __slots__ = ("span",)
    span: Span

    @staticmethod
    def of(name: str, span: Span) -> "Call":
        call = Call(f"call ${name}")
        call.span = span
        return call


def call_sites(module: Module, sources: SourceMap) -> tuple[CallSite, ...]:
    """Lists the calls in the order of the code: routines of the library, then functions of the
    program.
    """
    routines = sum(map(_functions_in, module.library))
    return tuple(
        site
        for number, function in enumerate(module.functions)
        for site in _of_body(routines + number, function.body, sources)
    )


@lru_cache(maxsize=1024)
def _functions_in(text: str) -> int:
    """Counts the functions of a routine; most routines are the same in every module."""
    return len(_FUNCTION.findall(text))


def _of_body(
    body: int, instructions: Sequence[Instruction], sources: SourceMap
) -> Iterator[CallSite]:
    ordinal = 0
    for line in instructions:
        if "call" not in line:
            continue
        if isinstance(line, Call):
            file, start, column, end_column = place_of(sources, line.span)
            yield CallSite(
                body=body,
                ordinal=ordinal,
                file=file,
                line=start,
                column=column,
                end_column=end_column,
            )
            ordinal += 1
        else:
            ordinal += 1 if line.startswith("call $") else len(_CALL.findall(line))
