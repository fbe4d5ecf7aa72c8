"""Compilation in processes of its own: its budgets, and the cache of what was compiled."""

import stat
from pathlib import Path

import pytest
from compilation_bombs import HOSTILE
from wasm_modules import TRIPLE, executed, faulted, leb, output, request, section

from runtime.content.cid import Codec, cid_of
from runtime.sandbox.compilation.cache import CompiledCache, cache_key
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import FaultReason


def conditions(functions: int, each: int) -> bytes:
    """Valid code that is quick to check and slow to compile: `each` small ifs per function."""
    step = bytes.fromhex("2000 0440 2000 4101 6a 2100 0b".replace(" ", ""))
    body = b"\0" + step * each + b"\x0b"
    bodies = (leb(len(body)) + body) * functions
    return (
        b"\0asm\1\0\0\0"
        + section(1, b"\1\x60\1\x7f\0")
        + section(3, leb(functions) + b"\0" * functions)
        + section(10, leb(functions) + bodies)
    )


def test_compiling_has_a_budget_of_time(tmp_path: Path) -> None:
    limits = SandboxLimits(compile_cpu_seconds=1)
    with Sandbox(cache_dir=tmp_path / "cache", workers=1, limits=limits) as pool:
        result = pool.execute(request(conditions(300, 400)))
        assert faulted(result) is FaultReason.COMPILE_BUDGET
        assert output(executed(pool, TRIPLE, arguments=[1])) == 3


def test_compiling_has_a_budget_of_memory(tmp_path: Path) -> None:
    limits = SandboxLimits(compile_address_bytes=260 << 20)
    with Sandbox(cache_dir=tmp_path / "cache", workers=1, limits=limits) as pool:
        result = pool.execute(request(HOSTILE["square roots"](170_000)))
        assert faulted(result) is FaultReason.COMPILE_BUDGET
        assert output(executed(pool, TRIPLE, arguments=[1])) == 3


def test_one_module_is_compiled_once(tmp_path: Path) -> None:
    with Sandbox(cache_dir=tmp_path / "modules", workers=2) as pool:
        tickets = [pool.submit(request(TRIPLE, arguments=[n])) for n in range(6)]
        assert len(pool._compilations._running) == 1
        left = set(tickets)
        while left:
            left -= pool.wait(left).keys()
    assert len(list((tmp_path / "modules").iterdir())) == 1


def test_tampered_cache_entry_is_compiled_again(tmp_path: Path) -> None:
    directory = tmp_path / "modules"
    for change in (lambda data: data[:-1], lambda data: data[:40] + b"\xff" + data[41:], None):
        with Sandbox(cache_dir=directory, workers=1) as pool:
            assert output(executed(pool, TRIPLE, arguments=[2])) == 6
            found = len(pool.cache_findings)
        (entry,) = directory.iterdir()
        assert stat.S_IMODE(entry.stat().st_mode) == 0o600
        if change is not None:
            entry.write_bytes(change(entry.read_bytes()))
    assert found == 1
    with Sandbox(cache_dir=directory, workers=1) as pool:
        assert output(executed(pool, TRIPLE, arguments=[2])) == 6
        assert pool.cache_findings == ()


def test_cache_entry_of_another_module_is_refused(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path, tmp_path / "key")
    first, second = (cid_of(bytes((n,)), Codec.RAW) for n in (1, 2))
    cache.put(first, {"code": b"1"})
    cache.put(second, {"code": b"2"})
    cache._path(second).write_bytes(cache._path(first).read_bytes())
    assert cache.get(second) is None
    assert cache.get(first) == {"code": b"1"}
    assert "changed since it was written" in cache.findings[0]
    assert CompiledCache(tmp_path, tmp_path / "other").get(first) is None


def test_cache_that_cannot_be_written_is_a_finding(tmp_path: Path) -> None:
    directory = tmp_path / "modules"
    with Sandbox(cache_dir=directory, workers=1) as pool:
        directory.rmdir()
        directory.write_text("not a directory")
        assert output(executed(pool, TRIPLE, arguments=[2])) == 6
        assert any("cannot be written" in text for text in pool.cache_findings)


def test_cache_key_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    key = cache_key(path)
    assert len(key) == 32
    assert key == cache_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="is not a key of 32 bytes; remove it"):
        cache_key(path)
