"""`meshctl verify` and `receipt`: trusted meshes, missing blocks, ignored blocks."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from meshcommand import Meshctl, verified

from mesh.core.car.files import read_car, write_car
from runtime.content.cid import Cid, Codec, cid_of, parse_cid

OLD = Path(__file__).parents[1] / "proofs" / "version1"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
OLD_MESH = "bafyr4igahm7rskmtjxvo2yg2v6vto6cuibrjzra2i7ecgqjnjetqyvkfry"
OTHER_MESH = str(cid_of(b"another mesh", Codec.DAG_CBOR))
KEYS = [
    *("verified", "trusted", "reexecuted", "not_reexecuted", "receipt", "mesh", "job_id"),
    *("outcome", "findings", "missing_blocks", "ignored", "error"),
]
DEPENDING_ON_TRUST = ("anchored to DAG", "Federation agrees", "Settled by the issuer")


def facts(meshctl: Meshctl, *words: str, code: int) -> dict[str, Any]:
    done = meshctl("verify", *words, "-o", "json")
    assert done.code == code, done
    value: dict[str, Any] = json.loads(done.out)
    assert list(value) == KEYS
    check_schema("verify", value)
    return value


def check_schema(command: str, value: object) -> None:
    schema = json.loads((SCHEMAS / f"meshctl-{command}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(value)


@pytest.fixture
def proof(meshctl: Meshctl) -> str:
    assert meshctl("receipt", verified(meshctl), "--output", "proof.car").code == 0
    return "proof.car"


@pytest.fixture
def own_mesh(meshctl: Meshctl) -> str:
    return str(json.loads(meshctl("identity", "show", "-o", "json").out)["mesh"])


def rewritten(path: Path, *more: tuple[Cid, bytes], without: frozenset[Cid] = frozenset()) -> None:
    read = read_car(path.read_bytes())
    kept = [each for each in read.blocks if each[0] not in without]
    path.write_bytes(write_car(read.roots, [*kept, *more]))


def test_mesh_of_the_home_is_trusted(meshctl: Meshctl, proof: str, own_mesh: str) -> None:
    done = meshctl("verify", proof)
    assert (done.code, done.err) == (0, "")
    assert done.out.count("✓") == 6 and "(3/3, local keys) ✓" in done.out
    value = facts(meshctl, proof, code=0)
    assert (value["verified"], value["trusted"], value["reexecuted"]) == (True, True, True)
    assert (value["mesh"], value["missing_blocks"], value["ignored"]) == (own_mesh, [], [])


@pytest.mark.parametrize("place", ["nowhere", "home"])
def test_mesh_that_is_unknown_here_is_not_trusted(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("MESH_HOME", str(tmp_path / place))
    old = str(OLD / "out-of-fuel.car")
    done = meshctl("verify", old)
    assert done.code == 8
    assert f"Mesh: {OLD_MESH} (unknown to you)" in done.out
    for line in done.out.splitlines():
        assert "✓" not in line or not any(text in line for text in DEPENDING_ON_TRUST)
    assert "Receipt signed and consistent ✓" in done.out
    assert "error[not-trusted]" in done.err and "--mesh CID" in done.err
    value = facts(meshctl, old, code=8)
    assert (value["verified"], value["trusted"], value["findings"]) == (False, False, [])
    assert not (tmp_path / "nowhere").exists()


def test_mesh_that_is_named_is_trusted(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "nowhere"))
    old = str(OLD / "out-of-fuel.car")
    done = meshctl("verify", old, "--mesh", OLD_MESH)
    assert (done.code, "Federation agrees (3/3) ✓" in done.out) == (0, True), done
    other = meshctl("verify", old, "--mesh", OTHER_MESH)
    assert other.code == 8
    assert "(not the mesh that you named)" in other.out
    assert "error[verification-failed]" in other.err and "it is of another mesh" in other.err
    assert not facts(meshctl, old, "--mesh", OTHER_MESH, code=8)["trusted"]
    malformed = meshctl("verify", old, "--mesh", "bafyr4igahm7")
    assert (malformed.code, "error[malformed-cid]" in malformed.err) == (2, True)


def test_trusting_another_mesh_works_in_a_home_too(meshctl: Meshctl, proof: str) -> None:
    job = json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"][0]["job_id"]
    for target in (job, proof):
        assert facts(meshctl, target, "--mesh", OTHER_MESH, code=8)["trusted"] is False


def test_proof_that_lacks_blocks_lists_them_as_not_re_executable(meshctl: Meshctl) -> None:
    old = str(OLD / "lacking.car")
    done = meshctl("verify", old, "--mesh", OLD_MESH)
    assert done.code == 0, done
    assert done.out.count("✓") == 5
    assert "Not executed again: blocks that it takes are not in the proof" in done.out
    assert done.out.count("  not re-executable: ") == 2
    value = facts(meshctl, old, "--mesh", OLD_MESH, code=0)
    assert value["reexecuted"] is None
    assert [each["subject"] for each in value["missing_blocks"]] == ["module", "input"]
    demanded = meshctl("verify", old, "--mesh", OLD_MESH, "--reexecute")
    assert (demanded.code, "error[not-executed-again]" in demanded.err) == (8, True)
    without = meshctl("verify", old, "--mesh", OLD_MESH, "--no-reexecute")
    assert (without.code, "\nNot executed again\n" in without.out) == (0, True)


def test_blocks_that_the_root_does_not_reach_are_reported(
    meshctl: Meshctl, proof: str, tmp_path: Path
) -> None:
    more = [(cid_of(bytes([n]), Codec.RAW), bytes([n])) for n in range(10)]
    rewritten(tmp_path / proof, *more)
    done = meshctl("verify", proof)
    assert done.code == 0, done
    assert "note: 10 blocks of the file are no part of the proof and were ignored" in done.err
    assert str(more[0][0]) in done.err and "and 2 more (-o json has all)" in done.err
    value = facts(meshctl, proof, code=0)
    assert [each["cid"] for each in value["ignored"]] == [str(cid) for cid, _ in more]


def test_one_block_that_the_root_does_not_reach_is_one(
    meshctl: Meshctl, proof: str, tmp_path: Path
) -> None:
    rewritten(tmp_path / proof, (cid_of(b"1", Codec.RAW), b"1"))
    done = meshctl("verify", proof)
    assert "note: 1 block of the file is no part of the proof and was ignored" in done.err


def test_exhausted_fuel_is_reported_once(meshctl: Meshctl) -> None:
    done = meshctl("verify", str(OLD / "out-of-fuel.car"), "--mesh", OLD_MESH)
    assert "Outcome: the program ran out of fuel\n" in done.out


def test_proof_without_its_root_is_unreadable(meshctl: Meshctl, proof: str, tmp_path: Path) -> None:
    root = read_car((tmp_path / proof).read_bytes()).roots[0]
    rewritten(tmp_path / proof, without=frozenset({root}))
    done = meshctl("verify", proof)
    assert (done.code, "Proof readable ✗" in done.out) == (8, True)
    value = facts(meshctl, proof, code=8)
    assert (value["receipt"], value["trusted"]) == (None, False)
    assert value["findings"][0]["detail"] == str(root)


def test_new_proof_has_every_block_or_is_not_made(meshctl: Meshctl, tmp_path: Path) -> None:
    job = verified(meshctl)
    shown = json.loads(meshctl("receipt", job, "-o", "json").out)
    check_schema("receipt", shown)
    module = shown["receipt"]["module"]["/"]
    data = meshctl("receipt", job, "--output", "whole.car")
    assert data.code == 0
    assert parse_cid(module) in read_car((tmp_path / "whole.car").read_bytes()).sections
    assert meshctl("block", "rm", module, "--yes").code == 0
    done = meshctl("receipt", job, "--output", "part.car")
    assert (done.code, (tmp_path / "part.car").exists()) == (3, False)
    assert f"module: a block that is needed is not there ({module})" in done.err
    assert "meshctl block put" in done.err
    there = meshctl("verify", job)
    assert (there.code, f"not re-executable: module {module}" in there.out) == (0, True)


def test_proof_is_read_from_standard_input_and_from_a_pipe(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (OLD / "out-of-fuel.car").open(encoding="latin-1") as file:
        monkeypatch.setattr("sys.stdin", file)
        done = meshctl("verify", "-", "--mesh", OLD_MESH)
    assert done.code == 0, done
    pipe = tmp_path / "pipe.car"
    os.mkfifo(pipe)
    data = (OLD / "out-of-fuel.car").read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    done = meshctl("verify", "pipe.car", "--mesh", OLD_MESH)
    writer.join()
    assert done.code == 0, done


def test_output_of_a_module_is_escaped(meshctl: Meshctl) -> None:
    old = str(OLD / "escapes.car")
    done = meshctl("verify", old, "--mesh", OLD_MESH)
    shown = r"in function \u001b[31mRED\u001b]0;pwned\u0007\n\rFAKE: ok, at byte 40"
    assert (done.code, shown in done.out) == (0, True), done
    assert facts(meshctl, old, "--mesh", OLD_MESH, code=0)["outcome"]["kind"] == "trapped"
    for text in (done.out, done.err, meshctl("verify", old, "-o", "json").out):
        assert not any(char in text for char in "\x1b\x07\r")


def test_foreign_mesh_gives_no_statement_on_records(meshctl: Meshctl) -> None:
    done = meshctl("verify", verified(meshctl), "--mesh", OTHER_MESH, "--no-reexecute")
    assert done.code == 8
    assert "Award, bid, hold and context belong together ✓" in done.out
    assert "(not the mesh that you named)" in done.out
    assert "help: name the mesh that you trust with --mesh" in done.err
