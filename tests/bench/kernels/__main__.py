"""The kernels alone."""

from tests.bench.kernels.measuring import measure_kernels

if __name__ == "__main__":
    measure_kernels()
