"""`meshctl` as users run it: modules to submit, output of commands, and processes of their own."""

import subprocess
import sys
from collections.abc import Callable
from typing import IO

import saying
import wasmtime
from commands import INTERRUPTIBLE

START = INTERRUPTIBLE + "from mesh.cli.main import main; main()"
WAIT_SECONDS = 60
"""The longest that a test waits for a process of its own."""

ECHO = wasmtime.wat2wasm(
    """
    (module
      (import "icn_host" "host_log_message" (func $log (param i32 i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "counting\\1b[31m")
      (func (export "run") (result i64)
        (call $log (i32.const 0) (i32.const 13))
        (i64.const 42)))
    """
)
RAW = wasmtime.wat2wasm(
    """
    (module
      (import "icn_host" "host_write_output" (func $out (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "raw \\00\\ff bytes")
      (func (export "run")
        (drop (call $out (i32.const 0) (i32.const 12)))))
    """
)
TRAP = wasmtime.wat2wasm('(module (func (export "run") unreachable))')


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def __repr__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"


Meshctl = Callable[..., Result]


def submitted(meshctl: Meshctl, *words: str, wasm: str = "echo.wasm", amount: str = "500") -> str:
    result = meshctl("submit-job", "--wasm", wasm, "--resource-amount", amount, "-q", *words)
    assert result.code == 0, result
    return result.out.strip()


def verified(meshctl: Meshctl, wasm: str = "echo.wasm") -> str:
    job = submitted(meshctl, wasm=wasm)
    meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    return job


def start(*words: str) -> subprocess.Popen[str]:
    """The command as a process."""
    return _started("-c", START, *words)


def start_saying(*words: str) -> subprocess.Popen[str]:
    """The command as a process that says on stdout what it executes, see `saying`."""
    return _started(saying.__file__, *words)


def _started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def await_line(stream: IO[str] | None, line: str) -> None:
    """Wait until a process writes a line."""
    assert stream is not None, "it is started with pipes"
    assert f"{line}\n" in iter(stream.readline, ""), "the process has ended without it"


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Gives the remaining output of a process that ended; one that does not end is killed."""
    try:
        return process.communicate(timeout=WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
