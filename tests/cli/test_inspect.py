"""`cclc inspect`: compiled programs, foreign modules, and other files."""

import json
from pathlib import Path

import pytest
import wasmtime
from cclccommand import Shell

FOREIGN = """
(module
  (import "icn_host" "host_log_message" (func (param i32 i32)))
  (import "icn_host" "host_unheard_of" (func))
  (memory (export "memory") 1)
  (func (export "run") (result i64) (i64.const 42)))
"""


def test_inspect_shows_a_foreign_module(cclc: Shell) -> None:
    Path("foreign.wasm").write_bytes(bytes(wasmtime.wat2wasm(FOREIGN)))
    code, out, err = cclc("inspect", "foreign.wasm")
    assert (code, err) == (0, "")
    assert "icn_host.host_log_message  (i32, i32)  Append a line to the log" in out
    assert "icn_host.host_unheard_of   ()          not a host call of this version" in out
    assert "run     function () -> i64" in out
    assert "\x1b" not in out


def test_inspect_gives_json(cclc: Shell) -> None:
    Path("foreign.wasm").write_bytes(bytes(wasmtime.wat2wasm(FOREIGN)))
    code, out, _ = cclc("inspect", "foreign.wasm", "-o", "json")
    value = json.loads(out)
    assert code == 0
    assert [(i["name"], i["known"]) for i in value["imports"]] == [
        ("host_log_message", True),
        ("host_unheard_of", False),
    ]
    assert value["memory_pages"] == {"initial": 1, "maximum": None}
    assert value["cid"].startswith("bafkr4i")


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "an empty file (byte 0)", "cclc compile"),
        (b"execution {}", "not WebAssembly", "cclc compile"),
        (b"\0asm\x01\0\0\0\x01\x7f", "cut off: section type", "damaged"),
    ],
)
def test_inspect_of_another_file_is_refused(
    cclc: Shell, data: bytes, message: str, hint: str
) -> None:
    Path("odd.wasm").write_bytes(data)
    code, out, err = cclc("inspect", "odd.wasm")
    assert (code, out) == (2, "")
    assert message in err
    assert hint in err


def test_inspect_of_a_source_suggests_compiling(cclc: Shell) -> None:
    Path("a.ccl").write_text("execution {}")
    assert "compile it first: `cclc compile a.ccl`" in cclc("inspect", "a.ccl")[2]


def test_colour_is_used_on_request_only(cclc: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("foreign.wasm").write_bytes(bytes(wasmtime.wat2wasm(FOREIGN)))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mExports" in cclc("inspect", "foreign.wasm")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cclc("inspect", "foreign.wasm")[1]
