"""Speed of writing, reading and counting blocks: CPU time, the least of several rounds.

A receipt is what a mesh handles most; the others are the largest that a record may be, of one kind
each. ADR 11 has the same figures of two libraries.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from runtime.content.codec import count_items, decode, encode

BLOCKS: Final = Path(__file__).parents[1] / "content" / "blocks.txt"
ROUNDS: Final = 5
ROUND_SECONDS: Final = 0.02


def measure_encoding() -> None:
    print("\nDAG-CBOR, µs of CPU")
    print(f"  {'':<32}{'bytes':>10}{'encode':>10}{'decode':>10}{'count':>10}")
    for name, value in _values().items():
        block = encode(value)
        size = len(block)
        figures = (
            _microseconds(lambda value=value: encode(value)),
            _microseconds(lambda block=block: decode(block)),
            _microseconds(lambda block=block, size=size: count_items(block, items_max=size)),
        )
        print(f"  {name:<32}{size:>10,}" + "".join(f"{figure:>10,.1f}" for figure in figures))


def _values() -> dict[str, Any]:
    lines = dict(line.split(" ", 1) for line in BLOCKS.read_text("ascii").splitlines())
    return {
        "a receipt": decode(bytes.fromhex(lines["Receipt"].split(" ")[1])),
        "10 000 rows of five": [
            [i, i * i, -i * 1000, f"name {i}", bytes(8)] for i in range(10_000)
        ],
        "200 000 integers": list(range(200_000)),
        "50 000 texts": [f"line {i}" for i in range(50_000)],
        "1 MB of bytes": bytes(1_000_000),
    }


def _microseconds(action: Callable[[], object]) -> float:
    """CPU time of one call."""
    action()
    least = float("inf")
    for _ in range(ROUNDS):
        calls, start = 0, time.process_time()
        while (spent := time.process_time() - start) < ROUND_SECONDS:
            action()
            calls += 1
        least = min(least, spent / calls)
    return least * 1e6
