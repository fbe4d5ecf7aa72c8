"""Arguments of an entry that are refused with an example, which is then taken."""

import re
import shlex
from pathlib import Path

from commands import run


def check_example(program: Path, entry: str, word: str, said: str) -> None:
    """`said` is in the error about `word`; what its help shows, pasted, is an argument."""
    refused = run("ccl", "run", program, "--entry", entry, word, home=program.parent)
    assert (refused.code, refused.out) == (2, "")
    assert "error[wrong-arguments]" in refused.err
    assert said in refused.err
    help_text = refused.err.rpartition("help: ")[2].strip()
    (example,) = shlex.split(re.split("write it as |for instance ", help_text)[-1])
    taken = run("ccl", "run", program, "--entry", entry, example, home=program.parent)
    assert taken.code == 0, taken.err
