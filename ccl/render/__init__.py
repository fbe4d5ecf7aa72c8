"""Diagnostics as text: five formats of the same value.

Pure: no terminal, file or environment is looked at; whoever prints says whether there is
colour and how wide the terminal is.
"""

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from ccl.diagnostics import Diagnostic
from ccl.source import SourceMap


class Format(Enum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"

    @property
    def for_machines(self) -> bool:
        """Machine formats are the output of a command, the others are remarks about it."""
        return self in (Format.JSON, Format.SARIF, Format.GITHUB)


def render(
    diagnostics: Sequence[Diagnostic],
    sources: SourceMap,
    format: Format,  # noqa: A002
    *,
    color: bool,
    width: int,
    seal: str = "",
) -> str:
    """The diagnostics in the order given, ending with a line break (or empty).

    `width` is in terminal cells, `seal` that of `Paint`. Colour, seal and width matter to the
    formats for people only.
    """
    from ccl.render import full, plain

    match format:
        case Format.FULL:
            return full.render_full(diagnostics, sources, color=color, width=width, seal=seal)
        case Format.CONCISE:
            return plain.render_concise(diagnostics, sources, color=color, seal=seal)
        case Format.JSON:
            return plain.render_json(diagnostics, sources)
        case Format.GITHUB:
            return plain.render_github(diagnostics, sources)
        case Format.SARIF:
            from ccl.render import sarif

            return sarif.render_sarif(diagnostics, sources)
        case _:
            assert_never(format)
