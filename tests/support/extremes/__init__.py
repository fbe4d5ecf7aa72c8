"""Host calls at their extremes: the smallest, the largest, those with the most items."""

from typing import Final

from extremes.extreme import Extreme
from extremes.host import host_extremes
from extremes.tests_only import test_extremes
from extremes.wasi import wasi_extremes

EXTREMES: Final[tuple[Extreme, ...]] = (*host_extremes(), *test_extremes(), *wasi_extremes())
