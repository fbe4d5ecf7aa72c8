"""The election alone."""

from tests.bench.stv.measuring import measure_stv

if __name__ == "__main__":
    measure_stv()
