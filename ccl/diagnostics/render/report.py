"""Input of a renderer: the diagnostics to show, their sources, and the form of the output."""

from ccl.diagnostics.render.shown import Shown
from ccl.source.spans import SourceMap
from ccl.support.node import Node


class Report(Node, frozen=True, kw_only=True):
    """`width` is in terminal cells, `seal` that of `Paint`. Only the formats for users need colour,
    seal and width."""

    shown: Shown
    sources: SourceMap
    color: bool
    width: int
    seal: str
