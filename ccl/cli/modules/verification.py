"""`cclc verify`: the source is compiled again, and the module compared with it by bytes."""

import sys
from pathlib import Path
from typing import Any

import typer

from ccl.cli.columns import columns
from ccl.cli.compiling.findings import Findings
from ccl.cli.compiling.report import answer_findings, show_findings, shown, summarise
from ccl.cli.compiling.sources import project_for
from ccl.cli.files import read_bytes, read_source
from ccl.cli.modules.inspection import inspect_bytes
from ccl.diagnostics.render import FULL
from ccl.diagnostics.render.colour import Ink, Paint
from ccl.pipeline import compile_text
from ccl.wasm.compare import Difference, Part, differences
from ccl.wasm.inspect import MODULE_BYTES_MAX, Inspection, inspect_module
from runtime.terminal.answers.answer import give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import SEAL, has_color, say


def verify_module(module: Path, source: Path, *, as_json: bool, allowed: tuple[Path, ...]) -> None:
    """Prints whether the source compiles to the module, and if not, the differences.

    Raises CommandError for files that cannot be read, typer.Exit(1) if the source has errors,
    typer.Exit(8) if it compiles to other bytes.
    """
    if str(module) == str(source) == STANDARD_STREAM:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "module and source cannot both be read from standard input",
            hint="name one of them: `cclc verify - SOURCE.ccl < MODULE.wasm`",
        )
    data = read_bytes(module, limit=MODULE_BYTES_MAX, what="module")
    inspected = inspect_bytes(data, module)
    compiled = compile_text(
        read_source(source), path=shown(source), project=project_for(source, allowed)
    )
    compilation = compiled.compilation
    findings = Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)
    answer_findings(findings)
    if compiled.wasm is None:
        show_findings(findings, FULL)
        summarise(findings, [source])
        raise typer.Exit(ExitCode.FAILED)
    rebuilt = inspect_module(compiled.wasm)
    found = differences((data, inspected), (compiled.wasm, rebuilt))
    if as_json:
        give(_value(module, source, inspected, rebuilt, found))
        if found:
            raise _not_reproduced(module, source, inspected, rebuilt, found)
        return
    paint = Paint(has_color(sys.stdout), SEAL)
    if not found:
        say(f"{shown(source)} compiles to {shown(module)} ✓")
        say(f"  {inspected.cid}")
        return
    sys.stdout.write(
        f"{paint('Differences', Ink.TITLE)}\n"
        + columns(
            [
                ("", "", "MODULE", "REBUILT"),
                ("CID", "", inspected.cid, rebuilt.cid),
                *((d.part.value, d.name, d.given or "-", d.rebuilt or "-") for d in found),
            ],
            indent=2,
        )
    )
    raise _not_reproduced(module, source, inspected, rebuilt, found)


def _not_reproduced(
    module: Path,
    source: Path,
    inspected: Inspection,
    rebuilt: Inspection,
    found: tuple[Difference, ...],
) -> CommandError:
    return CommandError(
        ExitCode.VERIFICATION,
        "not-reproduced",
        f"{shown(source)} does not compile to {shown(module)}",
        hint=_hint(found),
        details={"module": inspected.cid, "rebuilt": rebuilt.cid},
    )


def _hint(found: tuple[Difference, ...]) -> str:
    """Suggests the next step, by the most likely cause."""
    parts = {each.part: each for each in reversed(found)}
    if Part.PROVENANCE in parts:
        return "the module does not name its sources; compile it again"
    if Part.COMPILER in parts:
        version = parts[Part.COMPILER].given
        return f"it was compiled by another version; verify it with icn-ccl {version}"
    if Part.SOURCE in parts:
        moved = {each.given or each.rebuilt for each in found if each.part is Part.SOURCE}
        renamed = len(moved) < sum(each.part is Part.SOURCE for each in found)
        if renamed:
            return "the text is the same under another name; name the file as the module does"
        return "get the sources that have the CIDs of the module, and verify against those"
    return "it names the same sources and compiler: the module was changed afterwards"


def _value(
    module: Path,
    source: Path,
    given: Inspection,
    rebuilt: Inspection,
    found: tuple[Difference, ...],
) -> dict[str, Any]:
    return {
        "verified": not found,
        "module": {"path": shown(module), "cid": given.cid, "size_bytes": given.size_bytes},
        "rebuilt": {"path": shown(source), "cid": rebuilt.cid, "size_bytes": rebuilt.size_bytes},
        "differences": [
            {
                "part": each.part.value,
                "name": each.name,
                "module": each.given,
                "rebuilt": each.rebuilt,
            }
            for each in found
        ],
    }
