"""The kernels of the benchmark compute the same as Python."""

import pytest
import wasmtime

from tests.bench.kernels.measuring import SIZES, compiled_kernel
from tests.bench.kernels.references import REFERENCES

SMALL = {"queens": 5, "matrix": 7, "floyd": 9}


@pytest.mark.parametrize("name", SIZES)
def test_kernel_agrees_with_its_reference(name: str) -> None:
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    module = wasmtime.Module(engine, compiled_kernel(name))
    called = wasmtime.Instance(store, module, []).exports(store)[name]
    assert isinstance(called, wasmtime.Func)
    size = SMALL.get(name, 60)
    assert called(store, size) == REFERENCES[name](size)
