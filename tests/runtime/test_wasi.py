"""WASI programs: arguments, streams, clock, randomness, exit codes; no files and no sockets."""

import struct
import tracemalloc
from typing import Any

import pytest
from wasi_programs import command, data, subscription
from wasm_modules import NOW, HereMachine, executed, logs, output, request

from runtime.execution.context import Limits
from runtime.execution.execution import Execution, OutcomeKind
from runtime.host.wasi.calls import (
    BADF,
    FAULT,
    INVAL,
    NOTDIR,
    NOTSOCK,
    SPIPE,
    STDOUT_TAIL_BYTES,
    SUCCESS,
)

CAT = command(
    """(i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 5))
    (block $end (loop $more
      (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
      (br_if $end (i32.eqz (i32.load (i32.const 24))))
      (call $print (i32.const 64) (i32.load (i32.const 24)))
      (br $more)))"""
)


@pytest.mark.parametrize("text", [b"", b"abc", b"several reads of five bytes", bytes(range(256))])
def test_stdin_is_copied_to_stdout(machine: HereMachine, text: bytes) -> None:
    """Called by its own name, and as the default entry of a module without `run`."""
    for entry in ("run", "_start"):
        assert output(executed(machine, CAT, input=text, entry=entry)) == (text or None)


def test_arguments_reach_a_wasi_program(machine: HereMachine) -> None:
    body = """(drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
      (drop (call $args_get (i32.const 64) (i32.const 256)))
      (call $print (i32.const 16) (i32.const 8))
      (call $print (i32.const 256) (i32.load (i32.const 20)))"""
    given = output(executed(machine, command(body), arguments=["--ward", "3", "é"]))
    assert given == struct.pack("<II", 4, 19) + "module\0--ward\x003\0é\0".encode()
    assert output(executed(machine, command(body))) == struct.pack("<II", 1, 7) + b"module\0"


@pytest.mark.parametrize("arguments", [[1], ["a\0b"], [["a"]]])
def test_arguments_that_are_not_texts_are_refused(
    machine: HereMachine, arguments: list[Any]
) -> None:
    body = "(drop (call $args_sizes_get (i32.const 16) (i32.const 20)))"
    outcome = executed(machine, command(body), arguments=arguments).deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert "list of texts" in outcome.detail


def test_environment_is_empty(machine: HereMachine) -> None:
    body = """(i64.store (i32.const 16) (i64.const -1))
      (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
      (drop (call $environ_get (i32.const 64) (i32.const 64)))
      (call $print (i32.const 16) (i32.const 8))"""
    assert output(executed(machine, command(body))) == bytes(8)


def test_clocks_show_the_time_of_the_job(machine: HereMachine) -> None:
    body = """(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 16)))
      (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 24)))
      (drop (call $clock_res_get (i32.const 0) (i32.const 32)))
      (call $print (i32.const 16) (i32.const 24))"""
    assert output(executed(machine, command(body))) == struct.pack(
        "<QQQ", NOW * 10**9, NOW * 10**9, 10**9
    )


def test_readings_of_the_monotonic_clock_differ(machine: HereMachine) -> None:
    body = """(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 16)))
      (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 24)))
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 32)))
      (drop (call $clock_res_get (i32.const 1) (i32.const 40)))
      (call $print (i32.const 16) (i32.const 32))"""
    first, second, real, resolution = struct.unpack(
        "<QQQQ", output(executed(machine, command(body)))
    )
    assert (second - first, real, resolution) == (1, NOW * 10**9, 1)


CLOCK, FD_READ, FD_WRITE = 0, 1, 2


def polled(
    machine: HereMachine, *subscriptions: bytes, **context: Any
) -> tuple[int, list[tuple[int, ...]], int]:
    """Error number, events as (userdata, error, type, bytes, flags), nanoseconds that passed."""
    body = f"""(i32.store (i32.const 16) (call $poll_oneoff (i32.const 1024) (i32.const 4096)
        (i32.const {len(subscriptions)}) (i32.const 20)))
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 24)))
      (call $print (i32.const 16) (i32.const 16))
      (call $print (i32.const 4096) (i32.mul (i32.load (i32.const 20)) (i32.const 32)))"""
    program = command(body, data(1024, b"".join(subscriptions)))
    written = output(executed(machine, program, **context))
    errno, count, time = struct.unpack_from("<IIQ", written)
    assert len(written) == 16 + 32 * count
    return errno, list(struct.iter_unpack("<QHB5xQH6x", written[16:])), time - NOW * 10**9


def test_poll_returns_at_once_with_the_first_due_clock(machine: HereMachine) -> None:
    minute, hour = 60 * 10**9, 3600 * 10**9
    events: list[tuple[int, ...]]
    assert polled(machine, subscription(7, CLOCK, 1, hour)) == (SUCCESS, [(7, 0, 0, 0, 0)], hour)
    errno, events, passed = polled(
        machine,
        subscription(1, CLOCK, 0, hour),
        subscription(2, CLOCK, 1, minute),
        subscription(3, CLOCK, 0, NOW * 10**9 + minute, flags=1),
    )
    assert (errno, [event[0] for event in events], passed) == (SUCCESS, [2, 3], minute)


@pytest.mark.parametrize(
    ("subscribed", "event"),
    [
        (subscription(1, FD_READ, 0), (1, SUCCESS, FD_READ, 3, 0)),
        (subscription(1, FD_WRITE, 1), (1, SUCCESS, FD_WRITE, 1, 0)),
        (subscription(1, FD_WRITE, 2), (1, SUCCESS, FD_WRITE, 1, 0)),
        (subscription(1, FD_READ, 1), (1, BADF, FD_READ, 0, 0)),
        (subscription(1, FD_WRITE, 0), (1, BADF, FD_WRITE, 0, 0)),
        (subscription(1, FD_READ, 9), (1, BADF, FD_READ, 0, 0)),
        (subscription(1, CLOCK, 9), (1, INVAL, CLOCK, 0, 0)),
    ],
)
def test_descriptors_are_ready_before_any_clock(
    machine: HereMachine, subscribed: bytes, event: tuple[int, ...]
) -> None:
    clock = subscription(2, CLOCK, 1, 200)
    assert polled(machine, clock, subscribed, input=b"abc") == (SUCCESS, [event], 0)


def test_stdin_at_its_end_is_ready(machine: HereMachine) -> None:
    _, events, _ = polled(machine, subscription(1, FD_READ, 0))
    assert events == [(1, SUCCESS, FD_READ, 0, 1)]


def test_subscription_of_an_unknown_type_is_invalid(machine: HereMachine) -> None:
    assert polled(machine, subscription(1, 3, 0))[0] == INVAL


def test_wait_at_the_end_of_time_succeeds(machine: HereMachine) -> None:
    errno, events, passed = polled(machine, subscription(1, CLOCK, 1, 2**64 - 1))
    assert (errno, len(events), passed) == (SUCCESS, 1, 2**64 - 1 - NOW * 10**9)


def test_descriptors_are_closed_and_renumbered(machine: HereMachine) -> None:
    body = """(i32.store (i32.const 16) (call $fd_renumber (i32.const 1) (i32.const 2)))
      (i32.store (i32.const 20) (call $fd_fdstat_get (i32.const 1) (i32.const 1024)))
      (i32.store (i32.const 24) (call $fd_close (i32.const 0)))
      (i32.store (i32.const 28) (call $fd_close (i32.const 0)))
      (call $write (i32.const 2) (i32.const 16) (i32.const 16))"""
    written = output(executed(machine, command(body)))
    assert struct.unpack("<IIII", written) == (SUCCESS, BADF, SUCCESS, BADF)


FAILING = {
    "exit code": "(call $proc_exit (i32.const 3))",
    "unreachable": "unreachable",
    "trap of the engine": "(drop (i32.load (i32.const -4)))",
    "fuel": "(loop $l (br $l))",
}


@pytest.mark.parametrize("how", FAILING)
def test_output_before_a_failure_is_in_the_log(machine: HereMachine, how: str) -> None:
    extra = '(data (i32.const 64) "one\\ntwo")'
    body = f"(call $print (i32.const 64) (i32.const 7)) {FAILING[how]}"
    done = executed(machine, command(body, extra), fuel=1_000_000)
    assert done.deterministic.outcome.kind is not OutcomeKind.SUCCEEDED
    assert done.deterministic.output is None
    assert logs(done) == ["stdout before it ended:", "one", "two"]


def test_end_of_the_output_is_kept_beside_a_full_log(machine: HereMachine) -> None:
    extra = '(data (i32.const 66000) "end\\n")'
    body = """(loop $l (call $write (i32.const 2) (i32.const 64) (i32.const 60000))
        (call $print (i32.const 64) (i32.const 5000))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const 2))))
      (call $print (i32.const 66000) (i32.const 4)) unreachable"""
    lines = logs(executed(machine, command(body, extra)))
    at = lines.index(f"stdout before it ended, the last {STDOUT_TAIL_BYTES} of 10004 bytes:")
    assert lines[at - 1].startswith("… log cut")
    assert lines[at + 1 :] == ["\0" * (STDOUT_TAIL_BYTES - 4) + "end"]


GIVING_UP = ("unreachable", "(call $proc_exit (i32.const 134))")
"""Ends of a program that gets no memory."""


@pytest.mark.parametrize("end", GIVING_UP)
@pytest.mark.parametrize(
    ("most", "limit"),
    [
        ("", "the limit is 67108864"),
        ("2000", "the limit is 67108864"),
        ("1024", "the limit is 67108864"),
        ("3", "the module's own limit is 196608"),
        ("1023", "the module's own limit is 67043328"),
    ],
)
def test_refused_memory_growth_is_explained_with_the_limit(
    machine: HereMachine, end: str, most: str, limit: str
) -> None:
    """The one that is met first: what the module declares, or what the execution has."""
    body = f"(if (i32.eq (memory.grow (i32.const 1999)) (i32.const -1)) (then {end}))"
    text = command(body).replace('(export "memory") 2)', f'(export "memory") 2 {most})')
    outcome = executed(machine, text).deterministic.outcome
    assert outcome.cause.endswith(f"its memory had 131072 bytes, {limit}")


@pytest.mark.parametrize("end", GIVING_UP)
@pytest.mark.parametrize(
    "before",
    [
        "",
        "(drop (memory.size)) (block) (drop (i32.const 64))",
        "(drop (table.grow $t (ref.null func) (i32.const 100)))",
    ],
)
def test_failure_without_memory_growth_omits_the_limit(
    machine: HereMachine, end: str, before: str
) -> None:
    text = command(f"{before} {end}", "(table $t 1 2 funcref)")
    outcome = executed(machine, text).deterministic.outcome
    assert outcome.kind is not OutcomeKind.SUCCEEDED
    assert "memory" not in outcome.cause


@pytest.mark.parametrize(
    "end", ["(drop (i32.load (i32.const -4)))", "(drop (i32.div_s (i32.const 1) (local.get $n)))"]
)
def test_other_trap_omits_the_memory_limit(machine: HereMachine, end: str) -> None:
    body = f"(drop (memory.grow (i32.const 2000))) {end}"
    outcome = executed(machine, command(body)).deterministic.outcome
    assert outcome.kind is OutcomeKind.TRAPPED
    assert "limit" not in outcome.cause


def test_random_bytes_come_from_the_seed(machine: HereMachine) -> None:
    body = """(drop (call $random_get (i32.const 64) (i32.const 70000)))
      (call $print (i32.const 64) (i32.const 70000))"""
    first = output(executed(machine, command(body)))
    assert first == output(executed(machine, command(body)))
    assert first != output(executed(machine, command(body), seed=bytes(32)))
    assert len(set(first)) == 256
    pieces = command(
        """(drop (call $random_get (i32.const 64) (i32.const 3)))
        (drop (call $random_get (i32.const 67) (i32.const 69997)))
        (call $print (i32.const 64) (i32.const 70000))"""
    )
    assert output(executed(machine, pieces)) == first


def test_stderr_is_the_log_in_lines(machine: HereMachine) -> None:
    extra = '(data (i32.const 64) "one\\ntwo\\n\\nthree\\ff")'
    body = "(call $write (i32.const 2) (i32.const 64) (i32.const 6))" + (
        "(call $write (i32.const 2) (i32.const 70) (i32.const 9))"
    )
    result = executed(machine, command(body, extra))
    assert logs(result) == ["one", "two", "", "three\ufffd"]
    assert output(result) is None


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (0, OutcomeKind.SUCCEEDED, ""),
        (3, OutcomeKind.FAILED, "the program exited with code 3"),
        (-1, OutcomeKind.FAILED, "the program exited with code 4294967295"),
    ],
)
def test_exit_codes_become_outcomes(
    machine: HereMachine, code: int, kind: OutcomeKind, reason: str
) -> None:
    body = f"(call $print (i32.const 64) (i32.const 2)) (call $proc_exit (i32.const {code}))"
    result = executed(machine, command(body))
    outcome = result.deterministic.outcome
    assert (outcome.kind, outcome.reason) == (kind, reason)
    assert output(result) == (bytes(2) if code == 0 else None)
    assert result.deterministic.fuel_used


@pytest.mark.parametrize(
    ("call", "errno"),
    [
        ("fd_close (i32.const 2)", SUCCESS),
        ("fd_close (i32.const 3)", BADF),
        ("fd_read (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)", BADF),
        ("fd_read (i32.const 0) (i32.const 0) (i32.const 1025) (i32.const 8)", INVAL),
        ("fd_write (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)", BADF),
        ("fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)", FAULT),
        ("fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const -1)", FAULT),
        ("fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 8)", SPIPE),
        ("fd_prestat_get (i32.const 3) (i32.const 8)", BADF),
        ("fd_fdstat_get (i32.const 3) (i32.const 8)", BADF),
        ("fd_fdstat_get (i32.const 1) (i32.const -4)", FAULT),
        ("fd_filestat_get (i32.const 1) (i32.const 64)", SUCCESS),
        (
            "path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 0)"
            " (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)",
            BADF,
        ),
        (
            "path_open (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 0)"
            " (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)",
            NOTDIR,
        ),
        ("sock_shutdown (i32.const 0) (i32.const 0)", NOTSOCK),
        ("sock_shutdown (i32.const 3) (i32.const 0)", BADF),
        ("sock_accept (i32.const 1) (i32.const 0) (i32.const 8)", NOTSOCK),
        ("poll_oneoff (i32.const 64) (i32.const 256) (i32.const 0) (i32.const 8)", INVAL),
        ("poll_oneoff (i32.const -8) (i32.const 256) (i32.const 1) (i32.const 8)", FAULT),
        ("fd_renumber (i32.const 3) (i32.const 1)", BADF),
        ("fd_renumber (i32.const 2) (i32.const 3)", BADF),
        ("fd_write (i32.const 42) (i32.const 0) (i32.const 0) (i32.const 8)", BADF),
        ("sched_yield", SUCCESS),
        ("clock_time_get (i32.const 9) (i64.const 0) (i32.const 8)", INVAL),
        ("random_get (i32.const 131000) (i32.const 100)", FAULT),
        ("args_get (i32.const -1) (i32.const 0)", FAULT),
    ],
)
def test_invalid_calls_return_error_numbers(machine: HereMachine, call: str, errno: int) -> None:
    body = f"(i32.store (i32.const 64) (call ${call})) (call $print (i32.const 64) (i32.const 4))"
    written = output(executed(machine, command(body)))
    assert struct.unpack("<I", written)[0] == errno


def test_descriptors_are_streams(machine: HereMachine) -> None:
    body = """(drop (call $fd_fdstat_get (i32.const 1) (i32.const 64)))
      (call $print (i32.const 64) (i32.const 24))"""
    stat = output(executed(machine, command(body)))
    assert stat == struct.pack("<BBHIQQ", 2, 0, 0, 0, 0x40, 0)


def test_endless_output_ends_as_a_limit(machine: HereMachine) -> None:
    text = command("(loop $l (call $print (i32.const 64) (i32.const 100000)) (br $l))")
    limits = Limits(fuel=1 << 30, output_bytes=1_000_000)
    outcome = executed(machine, text, limits=limits).deterministic.outcome
    assert outcome.kind is OutcomeKind.LIMIT
    assert outcome.reason == "the output is over 1000000 bytes"


def test_endless_log_line_is_cut(machine: HereMachine) -> None:
    body = """(loop $l (call $write (i32.const 2) (i32.const 64) (i32.const 100000))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $n) (i32.const 20))))"""
    result = executed(machine, command(body), fuel=1 << 30)
    assert sum(map(len, logs(result))) < 70_000
    assert logs(result)[-1].startswith("… log cut")


def test_many_overlapping_vectors_pay_for_every_byte(machine: HereMachine) -> None:
    """1 024 vectors of 128 KiB each would be 128 MiB in one call."""
    body = """(loop $l
        (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $n) (i32.const 8))) (i32.const 0))
        (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $n) (i32.const 8)))
          (i32.const 131072))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const 1024))))
      (drop (call $fd_write (i32.const 2) (i32.const 4096) (i32.const 1024) (i32.const 8)))"""
    done = executed(machine, command(body), fuel=10_000_000).deterministic
    assert done.outcome.kind is OutcomeKind.OUT_OF_FUEL


def test_input_that_does_not_fit_the_memory_is_not_copied(machine: HereMachine) -> None:
    """It is not charged either."""
    text = """(module
      (import "wasi_snapshot_preview1" "fd_read" (func $r (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $read (param $at i32) (param $length i32) (result i64)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (i64.extend_i32_u (call $r (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "run") (result i64)
        (drop (call $read (i32.const 16) (i32.const 1)))
        (call $read (i32.const 65535) (i32.const -1))))"""
    given = bytes(8 << 20)
    asked = request(text, input=given)
    tracemalloc.start()
    try:
        execution = machine.execute(asked)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(execution, Execution)
    assert output(execution) == FAULT
    assert peak < len(given) // 2
