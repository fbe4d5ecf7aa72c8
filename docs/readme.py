"""Puts what `make demo` prints now into the README: `make docs` runs it, a test compares.

Job id and receipt differ from run to run, the estimate from machine to machine; everything
else in the block must be what anyone gets who runs the demo.
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
_BLOCK = re.compile(r"(?<=```text\nCompiled  )election.*?(?=\n```)", re.DOTALL)
_VARYING = (
    (re.compile(r"(?<=Job ID: )[0-9a-f-]{36}"), "JOB"),
    (re.compile(r"(?<=Receipt CID: )bafyr4i\w+"), "RECEIPT"),
    (re.compile(r"\b\d+s +(?=\d)"), "SECONDS "),
)


def demo_output() -> str:
    """What the demo prints on a terminal, in a mesh of its own."""
    terminal, standard = pty.openpty()
    with tempfile.TemporaryDirectory() as home, os.fdopen(terminal, "rb", buffering=0) as screen:
        demo = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "ccl"),
                "run",
                "examples/election/election.ccl",
                "--input",
                "examples/election/ballots/glasgow_2022_ward3.csv",
                "--yes",
            ],
            cwd=ROOT,
            env={**os.environ, "MESH_HOME": home, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=standard,
            stderr=standard,
        )
        os.close(standard)
        said = b""
        # (a terminal that everyone has left gives an error in place of an end)
        with suppress(OSError):
            while part := screen.read(4096):
                said += part
        if demo.wait() != 0:
            raise RuntimeError(said.decode("utf-8"))
    return said.decode("utf-8").replace("\r\n", "\n").rstrip()


def shown_output(readme: str) -> str:
    """The block of the README that shows it."""
    found = _BLOCK.search(readme)
    assert found is not None, "the README shows what the demo prints"
    return "Compiled  " + found.group()


def steady(output: str) -> str:
    """The output without what differs from run to run."""
    for pattern, name in _VARYING:
        output = pattern.sub(name, output)
    return output


def main() -> None:
    """Write the block again."""
    text = README.read_text(encoding="utf-8")
    output = demo_output()
    if steady(shown_output(text)) != steady(output):
        body = output.removeprefix("Compiled  ")
        README.write_text(_BLOCK.sub(lambda _: body, text), encoding="utf-8")


if __name__ == "__main__":
    main()
