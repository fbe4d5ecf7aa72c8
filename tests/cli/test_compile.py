"""`cclc compile`: modules written, packed and shown, and places that cannot be written."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import wasmtime
from cclccommand import BAD, CCLC, GOOD, Shell

SUBMITTING = """execution {
  submit_job(
    wasm_cid: module("./count.ccl"),
    description: "count",
    resource_type: "compute",
    resource_amount: 10,
    priority: "low"
  );
}
"""


def test_compile_writes_a_module(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    code, out, err = cclc("compile", "good.ccl")
    assert (code, out) == (0, "")
    size = Path("good.wasm").stat().st_size
    cid = json.loads(cclc("inspect", "good.wasm", "-o", "json")[1])["cid"]
    assert err == f"Compiled good.ccl → good.wasm ({size} bytes, {cid})\n"
    assert sorted(entry.name for entry in Path.cwd().iterdir()) == ["good.ccl", "good.wasm"]


def test_compile_names_packed_modules(cclc: Shell) -> None:
    Path("count.ccl").write_text(GOOD)
    Path("root.ccl").write_text(SUBMITTING)
    code, out, err = cclc("compile", "root.ccl", "-o", "out.wasm")
    assert (code, out) == (0, "")
    first, second = err.splitlines()
    assert first.startswith("Compiled root.ccl → out.wasm (")
    packed = json.loads(cclc("inspect", "out.wasm", "-o", "json")[1])["packed"]
    assert len(packed) == 1
    assert second == (f"  with ./count.ccl ({packed[0]['size_bytes']} bytes, {packed[0]['cid']})")


def test_compile_emits_text(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    code, out, err = cclc("compile", "good.ccl", "--emit", "wat")
    assert (code, out) == (0, "")
    assert err.startswith("Compiled good.ccl → good.wat (")
    assert " bytes, the text of bafkr4i" in err
    text = Path("good.wat").read_text()
    assert text.startswith("(module")
    assert wasmtime.wat2wasm(text)
    code, out, err = cclc("compile", "good.ccl", "--emit", "wat", "-o", "-")
    assert (code, out, err) == (0, text, "")


def test_compile_errors_write_nothing(cclc: Shell) -> None:
    Path("bad.ccl").write_text(BAD)
    code, out, err = cclc("compile", "bad.ccl")
    assert (code, out) == (1, "")
    assert "bad.ccl:2:10" in err
    assert not Path("bad.wasm").exists()
    code, out, _ = cclc("compile", "bad.ccl", "--format", "json")
    assert code == 1
    assert json.loads(out)["summary"]["errors"] == 1


@pytest.mark.parametrize("text", ["", "\n\n", "// only a comment\n", "\ufeff"])
def test_empty_program_is_refused(cclc: Shell, text: str) -> None:
    Path("empty.ccl").write_text(text, encoding="utf-8")
    code, out, err = cclc("compile", "empty.ccl")
    assert (code, out) == (1, "")
    assert "empty.ccl has no declarations and no code: nothing to compile" in err
    assert not Path("empty.wasm").exists()
    code, out, err = cclc("check", "empty.ccl")
    assert (code, out) == (0, "")
    assert "warning[CCL0910]" in err


def test_program_is_not_overwritten(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    code, _, err = cclc("compile", "good.ccl", "-o", "./good.ccl")
    assert code == 2
    assert "the output good.ccl is the program itself" in err
    assert Path("good.ccl").read_text() == GOOD


@pytest.mark.parametrize("output", ["absent/out.wasm", "folder"])
def test_unwritable_output_is_reported(cclc: Shell, output: str) -> None:
    Path("good.ccl").write_text(GOOD)
    Path("folder").mkdir()
    code, out, err = cclc("compile", "good.ccl", "-o", output)
    assert (code, out) == (2, "")
    assert f"{output} cannot be written" in err
    assert sorted(entry.name for entry in Path.cwd().iterdir()) == ["folder", "good.ccl"]


def test_pipe_is_written_to_and_not_replaced(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert cclc("compile", "good.ccl", "-o", "pipe")[0] == 0
        assert os.read(reader, 4) == b"\0asm"
    finally:
        os.close(reader)
    assert Path("pipe").is_fifo()


def test_standard_input_needs_a_name(cclc: Shell) -> None:
    code, _, err = cclc("compile", "-")
    assert code == 2
    assert "give one with -o" in err


def test_output_over_a_folder_is_refused() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [CCLC, "explain"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "the output cannot be written: No space left on device" in done.stderr
    assert "bug" not in done.stderr


def test_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [CCLC, "explain"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
