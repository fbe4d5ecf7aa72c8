"""`cclc` as users run it, called in the process of the test."""

import sys
from pathlib import Path

import pytest
from answers import check_answer

from ccl.cli.entry import run_cclc

CCLC = Path(sys.executable).with_name("cclc")
GOOD = "fn run() -> Integer {\n  return 42;\n}\n"
BAD = "fn run() -> Integer {\n  return fourty;\n}\n"


class Shell:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Runs `cclc` with these arguments; gives (exit code, stdout, stderr)."""
        code = run_cclc([str(argument) for argument in arguments])
        out, err = self.capfd.readouterr()
        check_answer("cclc", [str(argument) for argument in arguments], out, code)
        return code, out, err
