"""Renaming by the symbol table: a program with another name everywhere is the same program.

The new name is as long as the old one and of the same letter case, so that columns stay. Rule: of a
symbol that no importer sees every section stays as it is, except where it names functions,
parameters and variables for people; types and their parts, whose names are part of what is stored
and shown, keep the program compiling with the same diagnostics.
"""

import random
import re
from collections.abc import Iterator
from functools import cache

import pytest
from ccl_sources import corpus
from effort import seeds
from module_digests import section_digests

from ccl.abi.sections import ABI_SECTION, BOUNDS_SECTION
from ccl.ir.symbols import Symbol, SymbolKind
from ccl.pipeline import Compilation, Compiled, compile_tests, compile_text
from ccl.source.spans import Span

CASES_PER_SEED = 60
HIDDEN = frozenset(
    {
        *(SymbolKind.LOCAL, SymbolKind.PARAMETER, SymbolKind.TYPE_PARAMETER),
        *(SymbolKind.FUNCTION, SymbolKind.CONSTANT, SymbolKind.IMPORT),
    }
)
SHOWN = frozenset(
    {
        *(SymbolKind.STRUCT, SymbolKind.FIELD, SymbolKind.ENUM, SymbolKind.VARIANT),
        *(SymbolKind.STATE, SymbolKind.CONTRACT, SymbolKind.ROLE, SymbolKind.PROPOSAL),
    }
)
SPECIAL = frozenset({"run", "migrate", "ctx", "charter", "_"})
"""Names that mean something to the language."""
OF_NAMES = frozenset({"CCL0905", "CCL0907", "CCL0917"})
"""Warnings about a name itself: it hides another, or looks like it."""
LETTERS = "qxzjkvwyhgbnmpfdl"


@cache
def compiled(name: str) -> Compiled:
    text = corpus()[name]
    return compile_tests(text, path(name)) if "test fn" in text else compile_text(text, path(name))


def path(name: str) -> str:
    return "page.ccl" if ":" in name else name


def root(compilation: Compilation, name: str) -> int:
    texts = [each.text for each in compilation.sources.sources]
    return texts.index(corpus()[name])


def renamed(text: str, uses: tuple[Span, ...], name: str) -> str:
    for span in reversed(uses):
        text = text[: span.start] + name + text[span.end :]
    return text


def fresh(random_: random.Random, name: str, text: str) -> str | None:
    """A name of the same length and letter case that the text does not have."""
    taken = set(re.findall(r"\w+", text))
    for _ in range(100):
        letters = (random_.choice(LETTERS) if each.isalpha() else each for each in name)
        new = "".join(
            each.upper() if old.isupper() else each for old, each in zip(name, letters, strict=True)
        )
        if new not in taken:
            return new
    return None


def symbols(name: str) -> Iterator[Symbol]:
    """Those that can be renamed by writing the new name at each place."""
    compilation = compiled(name).compilation
    file, text = root(compilation, name), corpus()[name]
    table = compilation.symbols
    program = compilation.program
    assert program is not None
    interface = {re.split(r"\W", each.name)[-1] for each in program.exports}
    interface |= set(re.findall(r"\boverride\s+(?:\w+\s+)*?(\w+)\s*[({:]", text))
    interface |= set(re.findall(r"\boverride role (\w+)", text))
    for symbol in table.symbols:
        uses = table.uses_of(symbol)
        if (
            symbol.span is not None
            and symbol.kind in HIDDEN | SHOWN
            and symbol.name.isascii()
            and symbol.name not in interface | SPECIAL
            and not (symbol.kind is SymbolKind.ROLE and f'"{symbol.name}"' in text)
            and all(span.file == file and not table.is_shared(span) for span in uses)
            and all(text[span.start : span.end] == symbol.name for span in uses)
            and symbol.span in uses
        ):
            yield symbol


def outcome(result: Compiled) -> list[tuple[str, int]]:
    found = result.compilation.sink.diagnostics
    return [(each.code, each.span.start) for each in found if each.code not in OF_NAMES]


def check_renaming(random_: random.Random, name: str, symbol: Symbol) -> None:
    text, before = corpus()[name], compiled(name)
    new = fresh(random_, symbol.name, text)
    if new is None:
        return
    changed = renamed(text, before.compilation.symbols.uses_of(symbol), new)
    compiling = compile_tests if "test fn" in text else compile_text
    after = compiling(changed, path(name))
    what = f"{name}: {symbol.kind.value} `{symbol.name}` to `{new}`\n{changed}"
    assert outcome(after) == outcome(before), what
    assert after.wasm is not None, what
    assert before.wasm is not None
    if symbol.kind in HIDDEN:
        ends = section_digests(after.wasm), section_digests(before.wasm)
        named = {BOUNDS_SECTION, ABI_SECTION, "data"}  # (texts of conditions and of traps)
        compared = [{key: each[key] for key in each.keys() - named} for each in ends]
        assert compared[0] == compared[1], what


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_program_with_another_name_everywhere_is_the_same(seed: int) -> None:
    random_ = random.Random(seed)
    names = sorted(corpus())
    done = 0
    while done < CASES_PER_SEED:
        name = random_.choice(names)
        if compiled(name).wasm is None:
            continue
        found = list(symbols(name))
        if found:
            done += 1
            check_renaming(random_, name, random_.choice(found))
