"""Code in help texts: pasted into a program, it compiles (`helps.md`)."""

import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.explain import load_page
from ccl.diagnostics.fixes import apply_edits
from ccl.diagnostics.model import Diagnostic, Edit, is_error
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text

_CASE: Final = re.compile(
    r"^## (CCL\d{4}) ?([^\n]*)\n\n```ccl wrong\n(.*?)```\n\n```ccl right\n(.*?)```$",
    re.MULTILINE | re.DOTALL,
)
_CODE: Final = re.compile(r"`([^`]+)`")
_PASTED: Final = re.compile(r"‹(\d)(?::([^›]*))?›")
_COMMAND: Final = re.compile(r"`(?:ccl|cclc|touch|--)[^`]*`")
_FILE: Final = re.compile(r'`module\("[^`]*`')
"""A packed module is a file beside the program, which these programs have not."""
_SEVERAL_TOKENS: Final = re.compile(r'\w\(|\S \S|\S;|"|^\w+<')


class Case(NamedTuple):
    code: str
    kind: str
    wrong: str
    right: str


CASES: Final = [
    Case(*match.groups())
    for match in _CASE.finditer(Path(__file__).with_name("helps.md").read_text("utf-8"))
]


def found(text: str) -> tuple[Diagnostic, ...]:
    return check_text(text, path="page.ccl").sink.diagnostics


def pasted(right: str, help_: str) -> str:
    codes = _CODE.findall(help_)

    def code(mark: re.Match[str]) -> str:
        text = codes[int(mark[1]) - 1]
        for part in mark[2].split("|") if mark[2] is not None else ():
            text = text.replace("…", part.strip(), 1)
        return text

    return _PASTED.sub(code, right)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.kind}".strip())
def test_code_of_a_help_compiles_where_it_is_pasted(case: Case) -> None:
    helps = [
        prose(each).help
        for each in found(case.wrong)
        if each.code == case.code and each.facts.get("advice", "") == case.kind
    ]
    assert helps and helps[0] is not None, "the program is reported with this help"
    assert _PASTED.search(case.right), "the right program contains code of the help"
    right = pasted(case.right, helps[0])
    assert "…" not in right
    assert [each for each in found(right) if is_error(each)] == [], right


def test_every_help_with_code_has_a_program() -> None:
    covered = {(case.code, case.kind) for case in CASES}
    shared = {id(help_) for code, kind in covered if (help_ := TEMPLATES[code].advice.get(kind))}
    missing = [
        (code, kind)
        for code, template in TEMPLATES.items()
        for kind, help_ in (("", template.help or ""), *template.advice.items())
        if any(map(_SEVERAL_TOKENS.search, _CODE.findall(_FILE.sub("", _COMMAND.sub("", help_)))))
        if (code, kind) not in covered and id(help_) not in shared
        if kind not in _kinds_with_a_fix(code)
    ]
    assert missing == []


def _kinds_with_a_fix(code: str) -> set[str]:
    """The kinds of help that come with a fix in the examples of the page, which are tested."""
    return {
        each.facts.get("advice", "")
        for text in _wrong_examples(code)
        for each in found(text)
        if each.code == code and each.fixes
    }


def _wrong_examples(code: str) -> tuple[str, ...]:
    page = load_page(code)
    assert page is not None
    return page.examples("wrong")


def test_suggested_name_compiles_where_it_is_written() -> None:
    tried = set()
    for code in TEMPLATES:
        for text in _wrong_examples(code):
            for each in found(text):
                near = each.facts.get("nearest")
                if near is None or f"did you mean `{near}`" not in (prose(each).help or ""):
                    continue
                name = each.facts.get("name", each.facts.get("key", ""))
                here = text[each.span.start : each.span.end]
                edit = Edit(each.span, here.replace(name, near) if name in here else near)
                assert each.code not in {other.code for other in found(apply_edits(text, [edit]))}
                tried.add(code)
    assert len(tried) > 10, tried
