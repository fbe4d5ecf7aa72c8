"""Reports of codes in the compiler: each has its template, with the facts that the title needs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import ccl
from ccl.diagnostics.codes import TEMPLATES

FOLDER = Path(ccl.__file__).parent
NOT_FACTS = {"labels", "notes", "fixes"}


def reports() -> Iterator[tuple[str, str, set[str] | None]]:
    """(place, code, facts) of each `report("CODE", …)`; facts None where they are unpacked."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            match node.args[0]:
                case ast.Constant(value=str(code)) if code in TEMPLATES or _is_code(code):
                    names = [keyword.arg for keyword in node.keywords]
                    facts = None if None in names else {n for n in names if n} - NOT_FACTS
                    place = f"{path.relative_to(FOLDER.parent)}:{node.lineno}"
                    called = ast.unparse(node.func)
                    yield place, code, facts if called.endswith(".report") else None


def _is_code(text: str) -> bool:
    return len(text) == 7 and text.startswith("CCL") and text[3:].isdigit()


REPORTS = list(reports())


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(("place", "code", "facts"), REPORTS)
def test_title_gets_its_facts(place: str, code: str, facts: set[str] | None) -> None:
    assert code in TEMPLATES, f"{place} reports {code}, which has no template"
    if facts is not None:
        missing = fields(TEMPLATES[code].title) - facts
        assert not missing, f"{place} reports {code} without {sorted(missing)}"


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_templates_are_well_formed(code: str) -> None:
    template = TEMPLATES[code]
    for text in (template.title, template.label, template.help or ""):
        assert all(name.isidentifier() for name in fields(text))


STILTED = re.compile(
    r"\b(told|tells?|asks|asked|stands|nobody|somebody|meant|slip|fault|leads back)\b"
    r"|^(what|who|where|whose)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_template_has_the_words_of_the_field(code: str) -> None:
    template = TEMPLATES[code]
    texts = (template.title, template.label, template.help or "", *template.advice.values())
    assert [text for text in texts if STILTED.search(text)] == []


def test_no_code_is_never_reported() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*.py")
        if path.parent.name != "codes"
    )
    unused = [code for code in sorted(TEMPLATES) if code not in sources]
    assert unused == [], "templates that nothing reports"
