"""Admission of modules: the engine's verdict is the same in each process, and is given once."""

from pathlib import Path

import pytest
import wasmtime
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from inprocess_validator import Validated
from wasm_modules import wasm
from wasm_proposals import HEADER, REFUSED, TAKEN

from ccl.abi.features import WASM_FEATURES
from ccl.wasm.assemble import ENGINE_SETTINGS
from runtime.content.cid import Codec, cid_of
from runtime.module.check import ModuleFacts, Rejection, check_module
from runtime.sandbox.admission import Admission, Verdict
from runtime.sandbox.compilation.cache import CompiledCache
from runtime.sandbox.confinement.selftest import KERNEL
from runtime.sandbox.engine import SETTINGS, build_engine
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.request import Fault, FaultReason

LIMITS = SandboxLimits()
ENGINE = build_engine()


def admission(home: Path) -> Admission:
    return Admission(CompiledCache(home / "modules", home / "key"), LIMITS)


def admitted(asked: Admission, module: bytes) -> Verdict:
    return asked.admit(cid_of(module, Codec.RAW), module)


@pytest.fixture(scope="module")
def validated() -> "Validated":
    return Validated()


def compiled(module: bytes) -> bool:
    """Returns whether the compiler's engine accepts it."""
    try:
        wasmtime.Module(ENGINE, module)
    except wasmtime.WasmtimeError:
        return False
    return True


def test_features_of_compiler_and_validator_are_the_same() -> None:
    for door in (SETTINGS, ENGINE_SETTINGS):
        assert {name: door[name] for name in WASM_FEATURES} == WASM_FEATURES


@pytest.mark.parametrize("name", TAKEN)
def test_module_of_each_enabled_proposal_is_accepted(validated: Validated, name: str) -> None:
    module = TAKEN[name]
    assert isinstance(check_module(module), ModuleFacts)
    assert validated(module) is None
    assert compiled(module)


@pytest.mark.parametrize("name", REFUSED)
def test_module_of_each_disabled_proposal_is_refused(validated: Validated, name: str) -> None:
    module = REFUSED[name]
    assert not compiled(module)
    found = check_module(module)
    said = str(found) if isinstance(found, Rejection) else validated(module)
    assert said and said.isprintable()


@examples(150)
@given(st.data())
def test_damaged_module_is_refused_or_compiles(data: st.DataObject) -> None:
    """A module that is accepted at submission never fails in the compiler afterwards."""
    taken = [KERNEL, *TAKEN.values()]
    module = bytearray(data.draw(st.sampled_from(taken)))
    for _ in range(data.draw(st.integers(1, 3))):
        module[data.draw(st.integers(8, len(module) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(module)
    if isinstance(check_module(damaged), ModuleFacts):
        assert (VALIDATED(damaged) is None) == compiled(damaged)


VALIDATED = Validated()


def test_verdict_of_the_engine_is_given_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = TAKEN["simd"], REFUSED["an operand is missing"]
    first = admission(tmp_path)
    facts = admitted(first, good)
    refused = admitted(first, bad)
    assert isinstance(facts, ModuleFacts) and "run" in facts.entries
    assert isinstance(refused, Rejection)
    assert refused.reason == "not valid WebAssembly"
    assert "type mismatch" in refused.detail

    def no_process(module: bytes, limits: SandboxLimits) -> None:
        raise AssertionError("a verdict that is known needs no process")

    monkeypatch.setattr("runtime.sandbox.admission.validate", no_process)
    for again in (first, admission(tmp_path)):
        assert admitted(again, good) == facts
        assert admitted(again, bad) == refused


def test_verdict_changed_on_disk_is_given_anew(tmp_path: Path) -> None:
    bad = REFUSED["an operand is missing"]
    admitted(admission(tmp_path), bad)
    (entry,) = (tmp_path / "modules").glob("*.verdict")
    entry.write_bytes(entry.read_bytes()[:-1] + b"\0")
    assert isinstance(admitted(admission(tmp_path), bad), Rejection)


def test_validator_without_memory_gives_no_verdict(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path / "modules", tmp_path / "key")
    poor = Admission(cache, SandboxLimits(compile_address_bytes=1 << 20))
    found = admitted(poor, TAKEN["mvp"])
    assert isinstance(found, Fault)
    assert found.reason is FaultReason.COMPILER_DIED
    assert not list((tmp_path / "modules").glob("*.verdict"))


def test_module_without_functions_is_valid_and_has_no_entry(tmp_path: Path) -> None:
    facts = admitted(admission(tmp_path), HEADER)
    assert isinstance(facts, ModuleFacts)
    assert facts.entries == {}


def test_reason_of_the_engine_is_escaped(tmp_path: Path) -> None:
    module = wasm('(module (func (export "\\1b[31mred") (export "\\1b[31mred2")))')
    twice = module.replace(b"red2", b"red\0")
    assert "\x1b" not in str(admitted(admission(tmp_path), twice))
