"""The form of a case, and the parties in all of them."""

from dataclasses import dataclass
from typing import Any, Final

ADA: Final = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
"""The caller."""
BEA: Final = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
NOW: Final = 1_767_225_600
WASM: Final = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
DIDS: Final = f'let ada: Did = "{ADA}"; let bea: Did = "{BEA}"; '


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`effects`: the kinds of the execution's effects besides state and events, in order."""

    name: str
    code: str
    value: Any = None
    log: tuple[str, ...] | None = None
    effects: tuple[str, ...] = ()
    trap: str | None = None
    roles: tuple[str, ...] = ()


def case(name: str, code: str, value: Any = None, **rest: Any) -> Case:
    return Case(name=name, code=code, value=value, **rest)
