"""Programs as text: all that the repository holds, generated ones, and other layouts of them."""

import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from ccl.diagnostics.model import Sink
from ccl.parser.lexer.lexer import lex
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```ccl\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> list[Path]:
    """Every program of the standard library and the examples."""
    return sorted(p for folder in ("stdlib", "examples") for p in (ROOT / folder).rglob("*.ccl"))


@cache
def corpus() -> dict[str, str]:
    """By a name to find them: the files, and the blocks of the specification and the docs."""
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files()}
    pages = [*(ROOT / "tests/spec").glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in sorted([*pages, ROOT / "README.md"]):
        text = page.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            found[f"{page.relative_to(ROOT)}:{line}"] = match[1]
    return {name: text for name, text in found.items() if is_read(text)}


def is_read(text: str) -> bool:
    """Is it free of faults of syntax?"""
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    return not sink.has_errors


# --- generated programs -----------------------------------------------------------------

_NAMES = st.sampled_from(["a", "votes", "p", "समिति", "total_of_all_votes_in_every_ward", "x"])
_LITERALS = st.sampled_from(
    [
        *("1", "0xFF", "1_000", "0.50", "true", "7.days", "30d", "2GiB", "did:key:z6Mk"),
        *('"text"', '"a \\(b + 1) \\" c"', "2026-01-15T10:30:00Z", f'"{"long " * 15}"'),
    ]
)
_TYPES = st.sampled_from(["Integer", "[Bool]", "Map<String, Array<Integer>>", "text.Line"])
_PATTERNS = st.sampled_from(
    [
        *("_", "x", "1", "-1..=5", '"a" | "b"', "Some(x)", "E::A", "E.B(_, [y, 1])", "[]"),
        *("P { x, y: 1, .. }", "P { .. }", "(1 | 2)"),
    ]
)


@st.composite
def _expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0:
        return draw(st.one_of(_NAMES, _LITERALS))

    def sub() -> str:
        return draw(_expressions(depth - 1))

    def block() -> str:
        return draw(_blocks(depth - 1))

    name = draw(_NAMES)
    # (arithmetic only between parentheses, so that no comparison is chained)
    match draw(st.integers(0, 17)):
        case 0:
            return draw(_LITERALS)
        case 1 | 2:
            signs = draw(st.lists(st.sampled_from(["+", "-", "*", "%"]), min_size=1, max_size=4))
            return "(" + "".join(f"({sub()}) {sign} " for sign in signs) + f"{name})"
        case 3:
            return f"{name} && ({sub()}) || !{name} == {name}"
        case 4 | 5:
            given = draw(st.lists(_expressions(depth - 1), max_size=4))
            return f"{name}.{name}({', '.join(given)})"
        case 6:
            return f"{name}(a: {sub()}, if: {sub()})"
        case 7:
            return f"[{', '.join(draw(st.lists(_expressions(depth - 1), max_size=5)))}]"
        case 8:
            return f"[{', '.join(map(str, range(draw(st.integers(0, 60)))))}]"
        case 9:
            return f"P {{ x: {sub()}, {name} }}"
        case 10:
            return f"{name}[{sub()}]?"
        case 11:
            return f"{name}.map(x => {sub()}, (a, b) => {block()})"
        case 12:
            return f"{name}({{ a: {name}, b: {{ c: 1 }} }})"
        case 13:
            return f"if {name} {block()} else if !{name} {block()} else {block()}"
        case 14:
            arms = draw(st.lists(_PATTERNS, max_size=3))
            inner = "".join(f"{arm} if {name} => ({sub()}), " for arm in arms)
            return f"match {name} {{ {inner} _ => {block()} }}"
        case 15:
            return f"(try {name} catch e => ({sub()}))"
        case 16:
            return f"new<{draw(_TYPES)}>(-{name})"
        case _:
            return block()


@st.composite
def _statements(draw: st.DrawFn, depth: int) -> str:
    def sub() -> str:
        return draw(_expressions(depth))

    def block() -> str:
        return draw(_blocks(max(0, depth - 1)))

    match draw(st.integers(0, 8)):
        case 0:
            return f"let {draw(_NAMES)}: {draw(_TYPES)} = {sub()};"
        case 1:
            return f"{draw(_NAMES)}[({sub()})].b += {sub()};"
        case 2:
            return f"return ({sub()});"
        case 3:
            return f"while {draw(_NAMES)} {block()}"
        case 4:
            return f"for k, v in {draw(_NAMES)} {block()}"
        case 5:
            return f'require({sub()}, "no") because article "7";'
        case 6:
            return f"emit Passed {{ id: {sub()} }};"
        case 7:
            return f"if {draw(_NAMES)} {block()};"
        case _:
            return f"f({sub()});"


@st.composite
def _blocks(draw: st.DrawFn, depth: int) -> str:
    inner = draw(st.lists(_statements(max(0, depth)), max_size=3))
    value = draw(st.sampled_from(["", "x", "f(x)"]))
    return "{ " + " ".join([*inner, value]) + " }"


@st.composite
def _entries(draw: st.DrawFn, depth: int = 2) -> str:
    sign = draw(st.sampled_from([";", ","]))
    inner = " ".join(draw(st.lists(_entries(depth - 1), max_size=3))) if depth else ""
    name = draw(_NAMES)
    match draw(st.integers(0, 8)):
        case 0:
            return f"{name} {draw(_LITERALS)}{sign}"
        case 1:
            return f"{name}: {draw(_expressions(1).filter(lambda e: e[0] not in '{im'))}{sign}"
        case 2:
            return f'"{name}": {{ {inner} }}{draw(st.sampled_from(["", ",", ";", ";;"]))}'
        case 3:
            return f'{name} "b" version "1" extends Base {{ {inner} }}'
        case 4:
            return f'if {name} && a {{ {inner} }} else if b because article "1" {{ {inner} }}'
        case 5:
            return f"{name} range -1 50% {{ {inner} }}"
        case 6:
            return f"{name}(a, 1){sign}"
        case 7:
            return f"override {name}: 1{sign}" if is_read("override a: 1;") else f"a 1{sign}"
        case _:
            return f"{name} {{ {inner} }}"


@st.composite
def _items(draw: st.DrawFn) -> str:
    name = draw(_NAMES)
    match draw(st.integers(0, 8)):
        case 0 | 1:
            return draw(_entries())
        case 2 | 3:
            head = draw(st.sampled_from(["fn", "export function", "test fn"]))
            given = ", ".join(f"{each}: {draw(_TYPES)}" for each in draw(st.lists(_NAMES)))
            return f"{head} {name}<T>({given}) -> {draw(_TYPES)} {draw(_blocks(3))}"
        case 4:
            return f"struct {name} {{ a: {draw(_TYPES)}, b: {draw(_TYPES)}; c: Bool }}"
        case 5:
            return f"enum {name} {{ A, B({draw(_TYPES)}, Did), C, }}"
        case 6:
            return f"const {name}: {draw(_TYPES)} = {draw(_expressions(1))};"
        case 7:
            inner = draw(_entries())
            return (
                f'on "e" {{ pay "x" {{ {inner} }} key: a + 1; note ctx.x; {draw(_statements(2))} }}'
            )
        case _:
            return f"execution {draw(_blocks(3))}"


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A program without syntax errors; its meaning is of no interest."""
    return " ".join(draw(st.lists(_items(), max_size=4)))


# --- other layouts ----------------------------------------------------------------------

_GAPS = st.sampled_from(
    [
        *("", "", "", " ", "\n", "\n\n\n", "\t", " /* c */", "// d\n", "  # e\n\n"),
        *("\n/* f\n  g */", "\n\n/// h\n", "\n/*\n * i\n */\n"),
    ]
)


@st.composite
def relaid(draw: st.DrawFn, text: str) -> str:
    """The same tokens with other spaces, line breaks and comments between some of them."""
    out: list[str] = []
    end = inside = 0
    for token in lex(SourceMap().add("a.ccl", text), Sink()).items:
        gap = text[end : token.start]
        # Whether a `<` is glued to its name, and a string to its parts, means something.
        if token.kind not in ("LT", "STRING_TAIL", "STRING_MID") and not inside:
            more = draw(_GAPS)
            gap = more if gap.isspace() and more.isspace() else gap + more
        inside += (token.kind == "STRING_HEAD") - (token.kind == "STRING_TAIL")
        out.append(gap + text[token.start : token.end])
        end = token.end
    return "".join(out)
