"""The programs of the public test suite of WASI preview 1 that need no directory.

Source: the repository wasi-testsuite of the WebAssembly organisation, folders
`tests/assemblyscript`, `tests/c` and `tests/rust` (wasm32-wasip1). Each is written here again,
under its name there: what it asserts traps where it does not hold. Not here: programs with a
scratch directory, and `environ_get-multiple-variables` and `environ_sizes_get-multiple-variables`,
since no program here has environment variables.
"""

from typing import Final

import pytest
from msgspec import Struct
from wasi_programs import command, data, subscription
from wasm_modules import HereMachine, executed, output

from runtime.execution.execution import OutcomeKind
from runtime.host.wasi.calls import BADF, NOTSOCK

THREE: Final = ("first", 'the "second" arg', "3")
MONOTONIC: Final = 1
CLOCK, FD_READ, FD_WRITE = 0, 1, 2
FIFTH_SECOND: Final = 200_000_000
OF_CLOCK, OF_STDIN = 0x1234_5678, 0x7654_3210


class Program(Struct, frozen=True):
    """failure: what ends it, if it does not succeed."""

    body: str
    extra: str = ""
    arguments: tuple[str, ...] = ()
    stdout: bytes | None = None
    failure: str = ""


def succeeds(call: str, errno: int = 0) -> str:
    return f"(call $is (call ${call}) (i32.const {errno}))"


def time_at(place: int, clock: int, precision: int = 0) -> str:
    return succeeds(
        f"clock_time_get (i32.const {clock}) (i64.const {precision}) (i32.const {place})"
    )


def resolution_of(clock: int) -> str:
    return succeeds(f"clock_res_get (i32.const {clock}) (i32.const 64)")


def later(comparison: str) -> str:
    """Of the times at 64 and 72."""
    times = "(i64.load (i32.const 64)) (i64.load (i32.const 72))"
    return f"(call $is (i64.{comparison} {times}) (i32.const 1))"


def shut_down(fd: int, errno: int) -> str:
    return succeeds(f"sock_shutdown (i32.const {fd}) (i32.const 1)", errno)


SIZES: Final = succeeds("args_sizes_get (i32.const 64) (i32.const 68)")
WRITTEN: Final = succeeds("args_get (i32.const 128) (i32.const 1024)")
EACH_ARGUMENT: Final = """(local.set $n (i32.const 1))
  (loop $more
    (call $print (i32.load (i32.add (i32.const 128) (i32.mul (local.get $n) (i32.const 4))))
      (i32.sub
        (select (i32.load (i32.add (i32.const 132) (i32.mul (local.get $n) (i32.const 4))))
          (i32.add (i32.const 1024) (i32.load (i32.const 68)))
          (i32.lt_u (i32.add (local.get $n) (i32.const 1)) (i32.load (i32.const 64))))
        (i32.load (i32.add (i32.const 128) (i32.mul (local.get $n) (i32.const 4))))))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $n) (i32.load (i32.const 64)))))"""
ANY_BYTE: Final = """(loop $more
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $more (i32.and (i32.lt_u (local.get $n) (i32.const 1024))
      (i32.eqz (i32.load8_u (i32.add (i32.const 63) (local.get $n)))))))
  (call $is (i32.eq (local.get $n) (i32.const 1024)) (i32.const 0))"""
SUBSCRIBED: Final = data(
    1024,
    subscription(OF_CLOCK, CLOCK, MONOTONIC, FIFTH_SECOND)
    + subscription(OF_STDIN, FD_READ, 0)
    + subscription(1, FD_WRITE, 1)
    + subscription(2, FD_WRITE, 2)
    + subscription(OF_CLOCK, CLOCK, MONOTONIC, FIFTH_SECOND),
)


def polled(first: int, count: int) -> str:
    return succeeds(
        f"poll_oneoff (i32.const {1024 + 48 * first}) (i32.const 4096) (i32.const {count})"
        " (i32.const 64)"
    )


def event(number: int, userdata: int, kind: int) -> str:
    at = 4096 + 32 * number
    return f"""(call $is (i32.load (i32.const {at})) (i32.const {userdata}))
      (call $is (i32.load16_u (i32.const {at + 8})) (i32.const 0))
      (call $is (i32.load8_u (i32.const {at + 10})) (i32.const {kind}))"""


def is_at(place: int, number: int) -> str:
    return f"(call $is (i32.load (i32.const {place})) (i32.const {number}))"


HELLO: Final = data(64, b"hello") + data(32, b"\x40\0\0\0\5\0\0\0")
PROGRAMS: Final = {
    # assemblyscript
    "args_get-multiple-arguments": Program(
        SIZES + is_at(64, 4) + WRITTEN + EACH_ARGUMENT,
        arguments=THREE,
        stdout=b'first\0the "second" arg\x003\0',
    ),
    "args_sizes_get-multiple-arguments": Program(SIZES + is_at(64, 4), arguments=THREE),
    "args_sizes_get-no-arguments": Program(SIZES + is_at(64, 1)),
    "environ_sizes_get-no-variables": Program(
        succeeds("environ_sizes_get (i32.const 64) (i32.const 68)") + is_at(64, 0),
        data(64, b"\xff" * 8),
    ),
    "fd_write-to-invalid-fd": Program(
        succeeds("fd_write (i32.const -1) (i32.const 32) (i32.const 1) (i32.const 8)", BADF)
        + succeeds("fd_write (i32.const 3) (i32.const 32) (i32.const 1) (i32.const 8)", BADF),
        HELLO,
    ),
    "fd_write-to-stdout": Program(
        succeeds("fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 8)") + is_at(8, 5),
        HELLO,
        stdout=b"hello",
    ),
    "proc_exit-failure": Program(
        "(call $proc_exit (i32.const 33)) unreachable", failure="the program exited with code 33"
    ),
    "proc_exit-success": Program("(call $proc_exit (i32.const 0)) unreachable"),
    "random_get-non-zero-length": Program(
        succeeds("random_get (i32.const 64) (i32.const 1024)") + ANY_BYTE
    ),
    "random_get-zero-length": Program(
        succeeds("random_get (i32.const 64) (i32.const 0)") + is_at(64, 0)
    ),
    # c
    "clock_getres-monotonic": Program(resolution_of(MONOTONIC)),
    "clock_getres-realtime": Program(resolution_of(0)),
    "clock_gettime-monotonic": Program(
        time_at(64, MONOTONIC) + time_at(72, MONOTONIC) + later("lt_u")
    ),
    "clock_gettime-realtime": Program(time_at(64, 0) + time_at(72, 0) + later("le_u")),
    "sock_shutdown-invalid_fd": Program(shut_down(3, BADF)),
    "sock_shutdown-not_sock": Program(shut_down(1, NOTSOCK)),
    # rust
    "big_random_buf": Program(succeeds("random_get (i32.const 64) (i32.const 1024)") + ANY_BYTE),
    "clock_time_get": Program(
        time_at(80, MONOTONIC, precision=1)
        + time_at(64, MONOTONIC)
        + time_at(72, MONOTONIC)
        + later("le_u")
    ),
    "poll_oneoff_stdio": Program(
        polled(0, 2)
        + is_at(64, 1)
        + event(0, OF_STDIN, FD_READ)
        + polled(2, 3)
        + is_at(64, 2)
        + event(0, 1, FD_WRITE)
        + event(1, 2, FD_WRITE),
        SUBSCRIBED,
    ),
    "sched_yield": Program(succeeds("sched_yield")),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_behaves_as_its_test_suite_expects(machine: HereMachine, name: str) -> None:
    program = PROGRAMS[name]
    text = command(program.body, program.extra)
    done = executed(machine, text, arguments=list(program.arguments))
    outcome = done.deterministic.outcome
    assert outcome.reason == program.failure, outcome
    assert (outcome.kind is OutcomeKind.FAILED) == bool(program.failure)
    assert output(done) == program.stdout


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "$is" in PROGRAMS[name].body])
def test_assertions_of_the_test_suite_can_fail(machine: HereMachine, name: str) -> None:
    """With the sense of its assertions turned round it traps."""
    program = PROGRAMS[name]
    turned = command(program.body, program.extra).replace("(if (i32.ne", "(if (i32.eq")
    done = executed(machine, turned, arguments=list(program.arguments))
    assert done.deterministic.outcome.kind is OutcomeKind.TRAPPED
