"""The parse tables of CCL: lark compiles `grammar.lark` to LALR(1) tables, in strict mode.

The only module that imports lark, and only if the tables are not in the user's cache: there they
are JSON, named by the grammar and the installed lark, so that reading a cached file runs no code
from it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
END: Final = "$END"
_FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is the reduction ("" passes the only child through)."""

    name: str
    origin: str
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """`states[s][symbol]` is the next state if >= 0, else -1 - (index of the rule to reduce).

    accept: the state after the whole input. start: the first state.
    """

    states: tuple[Mapping[str, int], ...]
    rules: tuple[Rule, ...]
    start: int
    accept: int


@cache
def tables() -> Tables:
    """Returns the tables, from the user's cache, or built (about 0.3 s) and cached."""
    grammar = GRAMMAR.read_bytes()
    key = sha256(grammar + f"\0{_lark_installed()}\0{_FORMAT}".encode()).hexdigest()[:32]
    path = _cache_folder() / f"syntax-{key}.json"
    cached = _read(path)
    if cached is not None:
        return cached
    built = _build(grammar.decode())
    _write(path, built)
    return built


def _lark_installed() -> str:
    """Changes with every installation of lark, and does not import it."""
    found = find_spec("lark")
    assert found is not None and found.origin is not None, "lark is a dependency"
    return f"{found.origin} {Path(found.origin).stat().st_mtime_ns}"


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("ccl", appauthor=False)


def _read(path: Path) -> Tables | None:
    """Reads cached tables; None if the file is missing or incomplete."""
    try:
        found = msgspec.json.decode(path.read_bytes())
        return Tables(
            states=tuple(found["states"]),
            rules=tuple(Rule(*rule) for rule in found["rules"]),
            start=found["start"],
            accept=found["accept"],
        )
    except (OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError):
        return None


def _write(path: Path, built: Tables) -> None:
    """Leaves the cache as it is where it cannot be written."""
    import tempfile

    content = {
        "states": built.states,
        "rules": [(rule.name, rule.origin, rule.length) for rule in built.rules],
        "start": built.start,
        "accept": built.accept,
    }
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".syntax-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
        Path(name).replace(path)
    except OSError:
        return


def _build(grammar: str) -> Tables:
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class Tokens(Lexer):
        """A placeholder for our own lexer; only the tables are used."""

        def __init__(self, conf: object) -> None: ...

        def lex(self, *_: object) -> object:  # type: ignore[override]
            raise AssertionError("only the tables are used")

    parser = Lark(
        grammar, parser="lalr", lexer=Tokens, strict=True, maybe_placeholders=False
    ).parser.parser
    table = parser._parse_table
    # Numbered in the order of a traversal from the start: lark's own numbers vary between runs.
    order = [table.start_states["start"]]
    numbers = {order[0]: 0}
    rules: list[Rule] = []
    rule_numbers: dict[object, int] = {}
    states: list[dict[str, int]] = []
    for state in order:
        actions: dict[str, int] = {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action is Shift:
                if target not in numbers:
                    numbers[target] = len(order)
                    order.append(target)
                actions[str(symbol)] = numbers[target]
                continue
            if target not in rule_numbers:
                rule_numbers[target] = len(rules)
                name, length = str(target.alias or ""), len(target.expansion)
                assert name or length == 1, f"{target} needs a name"
                rules.append(Rule(name, str(target.origin.name), length))
            actions[str(symbol)] = -1 - rule_numbers[target]
        states.append(actions)
    return Tables(
        states=tuple(states),
        rules=tuple(rules),
        start=0,
        accept=numbers[table.end_states["start"]],
    )
