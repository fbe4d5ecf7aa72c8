"""The page of each diagnostic code: the problem, its reason, a wrong and a right example.

Pages are Markdown, `ccl/diagnostics/codes/pages/CODE.md`: `# CODE: title`, prose, a fenced block
`ccl wrong` that gives exactly this code, and a block `ccl right` without errors.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from textwrap import wrap

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.render.colour import Ink, Paint

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"\A# (?P<code>CCL\d{4}): (?P<title>\S[^\n]*)\n")
_INLINE_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    code: str
    title: str
    text: str
    """The whole page as Markdown."""

    def examples(self, kind: str) -> tuple[str, ...]:
        """Lists the bodies of the fences ```` ```ccl kind ````."""
        return tuple(
            match["body"]
            for match in _FENCE.finditer(self.text)
            if match["info"].split() == ["ccl", kind]
        )


def load_page(code: str) -> Page | None:
    """Loads the page of a full code; None if there is none.

    Raises ValueError if the file does not begin with `# CODE: title`.
    """
    path = files("ccl.diagnostics.codes") / "pages" / f"{code}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    head = _TITLE.match(text)
    if head is None or head["code"] != code:
        raise ValueError(f"pages/{code}.md does not begin with `# {code}: title`")
    return Page(code=code, title=head["title"].strip(), text=text)


def nearest_code(code: str) -> str | None:
    """Suggests the existing code at edit distance 1; codes that differ more are unrelated."""
    from ccl.abi.text.suggest import distance

    return next((each for each in sorted(TEMPLATES) if distance(code, each, 1) == 1), None)


def render_page(page: Page, *, color: bool, width: int, seal: str = "") -> str:
    """Renders the page for a terminal `width` cells wide."""
    paint = Paint(color, seal)
    return "\n".join(_rows(page.text, paint, min(max(width, 40), 88))).rstrip() + "\n"


def _rows(text: str, paint: Paint, width: int) -> Iterator[str]:
    paragraph: list[str] = []
    in_code = False
    for line in (*text.split("\n"), ""):
        if line.startswith("```"):
            yield from _paragraph(paragraph, paint, width)
            info = line[3:].split()
            if not in_code and info[:1] == ["ccl"] and len(info) > 1:
                ink = Ink.ERROR if info[1] == "wrong" else Ink.ADDED
                yield paint(f"    // {info[1]}", ink)
            in_code = not in_code
        elif in_code:
            yield paint(f"    {line}", Ink.CODE) if line else ""
        elif line.startswith("#"):
            yield from _paragraph(paragraph, paint, width)
            yield paint(line.lstrip("#").strip(), Ink.TITLE)
        elif not line.strip():
            yield from _paragraph(paragraph, paint, width)
            yield ""
        elif line.startswith(("- ", "* ")):
            yield from _paragraph(paragraph, paint, width)
            paragraph.append(line)
        else:
            paragraph.append(line.strip())


def _paragraph(lines: list[str], paint: Paint, width: int) -> Iterator[str]:
    text = " ".join(lines)
    lines.clear()
    indent = "  " if text.startswith(("- ", "* ")) else ""
    for row in wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ):
        yield _INLINE_CODE.sub(lambda m: paint(m[0] if not paint.color else m[1], Ink.CODE), row)
