"""The kernels in Python: the oracle of their results, and the other column where there is no C."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

ONE: Final = 10**6
BODIES: Final = 5
STEP: Final = ONE // 100


def sieve(n: int) -> int:
    composite = [False] * n
    count = 0
    for p in range(2, n):
        if not composite[p]:
            count += 1
            for multiple in range(p * p, n, p):
                composite[multiple] = True
    return count


def matrix(n: int) -> int:
    a = [i % 7 - 3 for i in range(n * n)]
    b = [i % 5 + 1 for i in range(n * n)]
    columns = [b[column::n] for column in range(n)]
    rows = [a[row * n : row * n + n] for row in range(n)]
    return sum(
        sum(x * y for x, y in zip(row, column, strict=True)) for row in rows for column in columns
    )


def queens(n: int) -> int:
    def place(row: int, columns: frozenset[int], up: frozenset[int], down: frozenset[int]) -> int:
        if row == n:
            return 1
        return sum(
            place(row + 1, columns | {c}, up | {row + c}, down | {row - c})
            for c in range(n)
            if c not in columns and row + c not in up and row - c not in down
        )

    return place(0, frozenset(), frozenset(), frozenset())


def crc(n: int) -> int:
    return zlib.crc32(bytes((i * 31 + i // 7) % 256 for i in range(n)))


def floyd(n: int) -> int:
    far = [[(i * 7919 + row * 104729) % 1000 + 1 for i in _row(row, n)] for row in range(n)]
    for over in range(n):
        through = far[over]
        for row in far:
            first = row[over]
            row[:] = [min(way, first + more) for way, more in zip(row, through, strict=True)]
    return sum(map(sum, far))


def _row(row: int, n: int) -> range:
    return range(row * n, row * n + n)


def _random(seed: int = 1) -> Iterator[int]:
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed


def structs(n: int) -> int:
    drawn = zip(range(n), _random(), strict=False)
    entries = sorted((seed // 65536 % 1000, seed // 64 % 100, i) for i, seed in drawn)
    total = 0
    for place, (key, _, number) in enumerate(entries):
        total = (total * 31 + number * (place + 1) + key) % 1000000007
    return total


def levenshtein(n: int) -> int:
    a, b = (["acgtn"[(i * step + i // 3) % 5] for i in range(n)] for step in (7, 11))
    before = list(range(n + 1))
    for i, letter in enumerate(a):
        row = [i + 1]
        for k, other in enumerate(b):
            row.append(min(row[k] + 1, before[k + 1] + 1, before[k] + (letter != other)))
        before = row
    return before[n]


def words(n: int) -> int:
    drawn = zip(range(n), _random(), strict=False)
    counts = Counter(f"w{seed // 65536 % 500}" for _, seed in drawn)
    return sum(count * count * len(word) for word, count in counts.items())


def logistic(n: int) -> int:
    x, total = ONE // 2, 0
    for _ in range(n):
        x = _times(_times(3_700_000, x), ONE - x)
        total += x
    return total * 1000 // ONE


def nbody(n: int) -> int:
    far = [i * ONE for i in range(BODIES)]
    x = [_times(each, 1_500_000) - 2 * ONE for each in far]
    y = [_over(_times(each, each), 4 * ONE) for each in far]
    vx = [_times(100_000, each) for each in far]
    vy = [500_000 - _times(200_000, each) for each in far]
    mass = [_over(ONE, each + ONE) for each in far]
    for _ in range(n):
        for i in range(BODIES):
            for k in range(i + 1, BODIES):
                dx, dy = x[i] - x[k], y[i] - y[k]
                squared = _times(dx, dx) + _times(dy, dy) + 50_000
                pull = _over(STEP, _times(squared, _root(squared)))
                vx[i] -= _times(_times(dx, mass[k]), pull)
                vy[i] -= _times(_times(dy, mass[k]), pull)
                vx[k] += _times(_times(dx, mass[i]), pull)
                vy[k] += _times(_times(dy, mass[i]), pull)
        for i in range(BODIES):
            x[i] += _times(vx[i], STEP)
            y[i] += _times(vy[i], STEP)
    return _over(sum(map(abs, x + y)) * 1000, ONE * ONE)


def _root(a: int) -> int:
    guess = a
    for _ in range(6):
        guess = _over(guess + _over(a, guess), 2 * ONE)
    return guess


def _times(a: int, b: int) -> int:
    return _rounded(a * b, ONE)


def _over(a: int, b: int) -> int:
    return _rounded(a * ONE, b)


def _rounded(exact: int, divisor: int) -> int:
    """Halves away from zero."""
    size = (2 * abs(exact) + abs(divisor)) // (2 * abs(divisor))
    return -size if (exact < 0) != (divisor < 0) else size


REFERENCES: Final[dict[str, Callable[[int], int]]] = {
    each.__name__: each
    for each in (
        sieve,
        matrix,
        queens,
        crc,
        floyd,
        structs,
        levenshtein,
        words,
        logistic,
        nbody,
    )
}
