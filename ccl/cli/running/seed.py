"""The seed of a local execution, which `random()` draws from.

Rule: it follows from the call, and from nothing of the machine, its time or its identity. The same
program on the same input gives the same result for everyone; running it once more draws no other
lot.
"""

from typing import Final

from blake3 import blake3

from ccl.abi.sections import Abi
from runtime.content.cid import Cid
from runtime.content.codec import encode
from runtime.execution.context import SEED_BYTES
from runtime.execution.state import Snapshot
from runtime.terminal.errors import CommandError, ExitCode

PURPOSE: Final = "ccl 1 seed of a local execution"
PURPOSE_OF_AN_OCCASION: Final = "ccl 1 seed of a handler under a chosen seed"
DIGITS_MAX: Final = 2 * SEED_BYTES


def seed_of(
    *,
    module: Cid,
    abi: Abi,
    entry: str,
    arguments: bytes | None,
    input_cid: Cid | None,
    state: Snapshot,
    occasion: str,
) -> bytes:
    """Derives the seed where none was chosen. state: only the homes that the program declares
    count, so that state of other programs makes no difference."""
    stored = [
        [home, name, each.shape, each.value]
        for home in sorted({variable.home for variable in abi.states})
        for name, each in sorted(state.homes.get(home, {}).items())
    ]
    named = encode([module, entry, arguments, input_cid, stored, occasion])
    return blake3(named, derive_key_context=PURPOSE).digest()


def chosen_seed(text: str) -> bytes:
    """Reads the value of `--seed`: a number in hexadecimal. Raises CommandError."""
    digits = text.removeprefix("0x").removeprefix("0X")
    is_number = 0 < len(digits) <= DIGITS_MAX and digits.isascii() and digits.isalnum()
    try:
        if is_number:
            return int(digits, 16).to_bytes(SEED_BYTES, "big")
    except ValueError:
        pass
    raise CommandError(
        ExitCode.USAGE,
        "wrong-seed",
        f"'{text}' is not a seed: expected 1 to {DIGITS_MAX} hexadecimal digits",
        hint="use digits on which all parties agree, for instance --seed 20260115",
        details={"seed": text},
    )


def for_occasion(seed: bytes, occasion: str) -> bytes:
    """Derives a seed from a chosen one: that seed for the program itself, another one for each
    handler."""
    if not occasion:
        return seed
    return blake3(
        seed + occasion.encode("utf-8"), derive_key_context=PURPOSE_OF_AN_OCCASION
    ).digest()
