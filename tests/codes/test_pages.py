"""Pages of codes: every code has one, and its examples are wrong and right."""

from importlib.resources import files

import pytest

from ccl.diagnostics.codes import TEMPLATES, full_code
from ccl.diagnostics.explain import Page, load_page, nearest_code, render_page
from ccl.pipeline import check_text
from ccl.reference.pages import GROUPS

CODES = sorted(TEMPLATES)


def page_of(code: str) -> Page:
    page = load_page(code)
    assert page is not None, f"write ccl/diagnostics/codes/pages/{code}.md"
    return page


UNUSED = {"CCL0902", "CCL0903", "CCL0904"}
"""Examples are fragments: their declarations may be unused."""


def codes_in(text: str, code: str) -> list[str]:
    found = [diagnostic.code for diagnostic in check_text(text, path="page.ccl").sink.diagnostics]
    return [each for each in found if each not in UNUSED - {code}]


def test_there_are_codes() -> None:
    assert len(CODES) > 20


def test_each_code_is_in_one_table() -> None:
    from ccl.diagnostics.codes import charter, flow, limits, modules, names, style, syntax, types

    tables = {
        "CCL01": syntax,
        "CCL02": names,
        "CCL03": charter,
        "CCL04": types,
        "CCL05": flow,
        "CCL06": limits,
        "CCL07": modules,
        "CCL09": style,
    }
    assert tables.keys() == GROUPS.keys()
    listed = [t.code for table in tables.values() for t in table.TEMPLATES]
    assert sorted(listed) == CODES, "a code is defined twice"
    for prefix, table in tables.items():
        assert all(t.code.startswith(prefix) and len(t.code) == 7 for t in table.TEMPLATES)


def test_each_page_has_a_code() -> None:
    pages = (files("ccl.diagnostics.codes") / "pages").iterdir()
    assert {each.name for each in pages} == {f"{code}.md" for code in CODES}


@pytest.mark.parametrize("code", CODES)
def test_title_is_one_sentence_without_full_stop(code: str) -> None:
    title = TEMPLATES[code].title
    assert title
    assert not title.endswith(".")
    assert "\n" not in title


@pytest.mark.parametrize("code", CODES)
def test_wrong_example_gives_exactly_this_code(code: str) -> None:
    examples = page_of(code).examples("wrong")
    assert examples, f"pages/{code}.md has no ```ccl wrong block"
    for example in examples:
        found = codes_in(example, code)
        assert found[:1] == [code]
        assert set(found) == {code}, "an example has one error only"


@pytest.mark.parametrize("code", CODES)
def test_right_example_is_clean(code: str) -> None:
    examples = page_of(code).examples("right")
    assert examples, f"pages/{code}.md has no ```ccl right block"
    for example in examples:
        assert codes_in(example, code) == []


@pytest.mark.parametrize("code", CODES)
def test_page_renders_for_a_terminal(code: str) -> None:
    page = page_of(code)
    text = render_page(page, color=False, width=80)
    assert text.startswith(f"{code}: {page.title}\n")
    assert "```" not in text
    assert "\x1b" not in text
    assert "\x1b[" in render_page(page, color=True, width=80)


@pytest.mark.parametrize(
    "written", ["CCL0401", "ccl0401", "0401", "401", "ccl401", "CCL-0401", "error[CCL0401]"]
)
def test_codes_as_people_write_them(written: str) -> None:
    assert full_code(written) == "CCL0401"


def test_unknown_code_has_a_neighbour() -> None:
    code = CODES[0]
    assert nearest_code(code[:-1] + "x") is not None
    assert nearest_code("HELLO") is None
    assert nearest_code("CCL9999") is None
    assert load_page("CCL9999") is None
