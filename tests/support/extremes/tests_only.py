"""The calls that only tests have, at their extremes."""

from typing import Any, Final

from ccl.abi.test_calls import TEST_RECORD
from extremes.extreme import Extreme, texts
from extremes.host import LONG, OTHER

TEST: Final = {"records": {TEST_RECORD: {"enter": 0}}}


def test_extremes() -> list[Extreme]:
    def said(call: str, *given: bytes | str | int, **more: Any) -> Extreme:
        return texts(call, more.pop("label", ""), *given, context=TEST, **more)

    return [
        said("test_enter", "f:1:1:2", ""),
        said("test_enter", LONG, "", label="a long place", times=10),
        said("test_compare", "T", b"1", b"2"),
        said("test_compare", "T", LONG, b"2", label="long", times=10),
        said("test_caller", OTHER),
        said("test_time", 5),
        said("test_advance", 0),
        said("test_role", "member"),
        said("test_input", "text"),
        said("test_input", LONG, label="long", times=10),
        said("test_balance", "compute", 5),
        said("test_effects", "anchor", answer=1),
        said("test_log", answer=1),
    ]
