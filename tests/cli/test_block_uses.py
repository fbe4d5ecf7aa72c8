"""Blocks that are in use: they are not removed by mistake, and can be supplied again by the command
that doctor names."""

import json
import shlex
from pathlib import Path

import pytest
from meshcommand import Meshctl, verified

from mesh.queries.reader import how_to_supply
from runtime.content.cid import Cid, Codec, Hash, cid_of

NEEDED = ("module", "output", "receipt")


def blocks_of(meshctl: Meshctl, job: str) -> dict[str, str]:
    shown = json.loads(meshctl("job-status", job, "-o", "json").out)
    return {name: shown[name] for name in NEEDED} | {"anchor": shown["anchor"]}


@pytest.mark.parametrize("name", [*NEEDED, "anchor"])
def test_block_of_a_job_is_not_removed_without_confirmation(meshctl: Meshctl, name: str) -> None:
    job = verified(meshctl)
    cid = blocks_of(meshctl, job)[name]
    refused = meshctl("block", "rm", cid)
    assert (refused.code, refused.out) == (1, "")
    assert f"error[block-in-use]: block {cid} is needed: it is the {name} of job {job}" in (
        refused.err
    )
    assert meshctl("block", "get", cid, "--output", "kept").code == 0
    assert meshctl("block", "rm", cid, "--yes").code == 0
    assert meshctl("block", "get", cid).code == 3


@pytest.mark.parametrize("name", [*NEEDED, "anchor"])
def test_command_that_doctor_names_supplies_the_block(
    meshctl: Meshctl, tmp_path: Path, name: str
) -> None:
    cid = blocks_of(meshctl, verified(meshctl))[name]
    assert meshctl("block", "get", cid, "--output", "kept").code == 0
    assert meshctl("block", "rm", cid, "--yes").code == 0
    found = meshctl("doctor", "--no-execute")
    assert found.code == 1
    (advice,) = [line for line in found.err.splitlines() if "help: " in line]
    _, *words = shlex.split(advice.split("`")[1].replace("FILE", "kept"))
    assert meshctl(*words).out == f"{cid}\n"
    # Other members had it too: they are given theirs by the repair.
    assert meshctl("doctor", "--no-execute", "--repair").code == 0
    assert meshctl("doctor", "--no-execute").code == 0


def test_block_that_nothing_needs_is_removed(meshctl: Meshctl, tmp_path: Path) -> None:
    verified(meshctl)
    (tmp_path / "note").write_bytes(b"of no use")
    cid = meshctl("block", "put", "note", "-q").out.strip()
    assert meshctl("block", "rm", cid).out == f"Removed {cid}\n"


def test_hash_and_codec_decide_how_a_block_is_supplied() -> None:
    raw = cid_of(b"x", Codec.RAW)
    other = bytearray(bytes(raw))
    other[2] = Hash.SHA2_256
    assert "`meshctl block put FILE`" in how_to_supply(raw)
    assert "--dag-cbor" in how_to_supply(cid_of(b"\xa0", Codec.DAG_CBOR))
    assert "--car" in how_to_supply(Cid(bytes(other)))


def test_result_without_its_module_has_no_type(meshctl: Meshctl, tmp_path: Path) -> None:
    job = verified(meshctl)
    module = blocks_of(meshctl, job)["module"]
    before = meshctl("results", job, "-o", "json")
    assert before.code == 0
    assert meshctl("block", "rm", module, "--yes").code == 0
    without = meshctl("results", job)
    assert (without.code, without.out) == (3, "")
    assert "which says of what type the output" in without.err
    assert meshctl("block", "put", "echo.wasm").out == f"{module}\n"
    assert meshctl("results", job, "-o", "json").out == before.out
