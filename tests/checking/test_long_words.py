"""Long runs of letters are read in linear time, wherever they occur."""

import pytest
from damage import within

from ccl.pipeline import check_text

LONG = "a" * 1_000_000
CALLS = "execution { [1].map(x => x + 1); }\n"


@pytest.mark.parametrize(
    "text",
    [
        f'title: "{LONG}";\n{CALLS}',
        f"// {LONG}\n{CALLS}",
        f"/* {LONG} */\n{CALLS}",
        f"let_{LONG}: 1;\n{CALLS}",
    ],
    ids=["string", "comment", "block comment", "name"],
)
def test_long_word_takes_linear_time(text: str) -> None:
    with within(60, "checking a file with one long word"):
        assert not check_text(text).sink.has_errors
