"""The page of the package index: the README of the built metadata, and the metadata beside it."""

from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from hatchling.build import prepare_metadata_for_build_wheel
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def metadata(tmp_path_factory: pytest.TempPathFactory) -> Message:
    folder = tmp_path_factory.mktemp("metadata")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        name = prepare_metadata_for_build_wheel(str(folder))
    return message_from_string((folder / name / "METADATA").read_text(encoding="utf-8"))


def links(text: str) -> list[str]:
    """Where the links and pictures of a rendered page lead."""
    found: list[str] = []

    def look(tokens: list[Token]) -> None:
        for token in tokens:
            found.extend(str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)
            look(token.children or [])

    look(MarkdownIt("commonmark").enable("table").parse(text))
    return found


def test_every_link_of_the_page_leads_to_a_file_of_the_repository(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL", []))
    ours = urls["Repository"] + "/blob/main/"
    text = str(metadata.get_payload())
    found = links(text)
    assert len(found) == len(links((ROOT / "README.md").read_text(encoding="utf-8"))) > 5
    for link in (*found, urls["Documentation"], urls["Changelog"]):
        if link.startswith(ours):
            assert (ROOT / link.removeprefix(ours).partition("#")[0]).exists(), link
        else:
            assert link.startswith("https://"), f"{link} is relative"
    assert "](" not in text.replace("](https://", ""), "a link that no renderer takes for one"


def test_metadata_names_the_supported_pythons_and_the_licence(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier", [])
    for version in ("3.11", "3.12", "3.13", "3.14"):
        assert f"Programming Language :: Python :: {version}" in classifiers
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
