"""Programs of the language reference: every ```ccl block of the documentation is compiled.

The words after `ccl` on the fence classify the block: nothing for a whole program, `fragment`
for statements of an execution, `error CODE …` (warnings may be among them) or `warning CODE …`
for a program that gives just these codes. A program that begins with `// name.ccl` is also the
file of that name for the later blocks of its page. In a program without errors the comments
`// result: JSON`, `// log: line` and `// trap: reason` (on the line of the trap) are what its run
must give. `// input: JSON` is the text it reads, `// entry: name` what is called instead of
`run`, `// arguments: JSON` its arguments as they are encoded.

Every test of a block passes, unless `// fails: name` says otherwise.

Blocks marked `wrong` or `right` come from the error pages, which have tests of their own.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from ccl_machine import run
from ccl_rehearsals import rehearse

from ccl.abi.text.values import parse_type, to_json
from ccl.cli.testing.discovery import TestFile
from ccl.cli.testing.suite import Suite, compile_suite
from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.pipeline import Compiled, compile_text
from ccl.wasm.inspect import inspect_module
from runtime.execution.execution import OutcomeKind

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
UNUSED: Final = {"CCL0902", "CCL0903", "CCL0904"}
"""Examples may contain unused declarations."""
_BLOCK: Final = re.compile(r"^```ccl([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE: Final = re.compile(r"// ([\w/]+\.ccl)\n")
_EXPECTED: Final = re.compile(
    r"// (result|log|trap|input|entry|arguments|fails): (.*)$", re.MULTILINE
)
_LINK: Final = re.compile(r"\]\(([^)#\s]*)(#[^)\s]+)?\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    page: Path
    line: int
    kind: str
    codes: frozenset[str]
    text: str
    files: tuple[tuple[str, str], ...]
    """The files that the page has shown before: (name, text)."""

    @property
    def program(self) -> str:
        return f"execution {{\n{self.text}}}\n" if self.kind == "fragment" else self.text

    def expected(self, kind: str) -> list[str]:
        return [text.strip() for each, text in _EXPECTED.findall(self.text) if each == kind]


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    files: dict[str, str] = {}
    for match in _BLOCK.finditer(text):
        kind, *codes = match[1].split() or [""]
        if kind in ("wrong", "right"):
            continue
        named = _FILE.match(match[2])
        found.append(
            Block(
                page=page,
                line=text.count("\n", 0, match.start()) + 2,
                kind=kind,
                codes=frozenset(codes),
                text=match[2],
                files=tuple(files.items()),
            )
        )
        if named is not None:
            files[named[1]] = match[2]
    return found


BLOCKS: Final = [block for page in PAGES for block in blocks_of(page)]


def compiled(block: Block, folder: Path) -> Compiled:
    for name, text in block.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return compile_text(block.program, path=(folder / "page.ccl").as_posix())


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"{b.page.stem}:{b.line}")
def test_block(block: Block, tmp_path: Path) -> None:
    assert block.kind in ("", "fragment", "error", "warning"), f"unknown kind {block.kind!r}"
    result = compiled(block, tmp_path)
    found = {diagnostic.code for diagnostic in result.compilation.sink.diagnostics}
    assert found - UNUSED == block.codes - UNUSED
    assert found >= block.codes
    severities = {severity_of(code) for code in block.codes}
    assert (Severity.ERROR in severities) == (block.kind == "error")
    assert (block.kind == "warning") <= (severities == {Severity.WARNING})
    assert (result.wasm is None) == (block.kind == "error")
    if result.wasm is not None:
        check_run(block, result.wasm)
        check_tests(block)


def check_run(block: Block, wasm: bytes) -> None:
    results, logs, traps = map(block.expected, ("result", "log", "trap"))
    if not (results or logs or traps):
        return
    text, arguments = block.expected("input"), block.expected("arguments")
    entry = "".join(block.expected("entry")) or "run"
    ran = run(
        wasm,
        entry=entry,
        arguments=json.loads(arguments[0]) if arguments else None,
        text=json.loads(text[0]) if text else None,
    )
    if traps:
        assert ran.outcome.kind is not OutcomeKind.SUCCEEDED
        assert traps[0] in f"{ran.outcome.reason}: {ran.outcome.detail}"
        line = block.program[: block.program.index("// trap:")].count("\n") + 1
        assert ran.outcome.place.startswith(f"page.ccl:{line}:"), ran.outcome
    else:
        assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    if results:
        abi = inspect_module(wasm).abi
        assert abi is not None
        kind = next(parse_type(each.result) for each in abi.exports if each.name == entry)
        assert to_json(kind, ran.value, abi) == json.loads(results[0])
    if logs:
        assert ran.log == logs


def check_tests(block: Block) -> None:
    if "test fn" in block.text:
        suite = compile_suite(TestFile(path="page.ccl", text=block.program), lambda _: True)
        assert isinstance(suite, Suite)
        failed = [name for name in suite.tests if rehearse(suite.module, name)[0] is not None]
        assert failed == block.expected("fails")


def test_reference_has_examples() -> None:
    assert sum(block.page.parent.name == "language" for block in BLOCKS) >= 60


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target, anchor in _LINK.findall(text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        goal = page if not target else (page.parent / target).resolve()
        assert goal.exists(), f"{page.name} links to {target}"
        if anchor and goal.suffix == ".md":
            assert anchor[1:] in anchors(goal), f"{page.name} links to {target}{anchor}"


def anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them from headings, and those written out."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))
