"""Input of a renderer: the diagnostics to show, their sources, and the form of the output."""

from ccl.diagnostics.render.shown import Shown
from ccl.source.spans import SourceMap
from ccl.support.node import Node


class Report(Node, frozen=True, kw_only=True):
    """`width` is in terminal cells, `seal` that of `Paint`. Colour, seal and width matter to the
    formats for people only."""

    shown: Shown
    sources: SourceMap
    color: bool
    width: int
    seal: str
