"""The part of the prelude that is written in CCL: names, and the library files of each.

A program that uses one of these names loads the file without an import; other programs load
nothing. Declarations of the program shadow these names.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    """A function of the library by the import path of its file and its name there."""

    file: str
    name: str


def _same(file: str, *names: str) -> dict[str, tuple[LibraryFunction, ...]]:
    return {name: (LibraryFunction(file, name),) for name in names}


FUNCTIONS: Final[Mapping[str, tuple[LibraryFunction, ...]]] = {
    **_same("std/tokens", "host_account_get_mana", "mint_tokens", "burn"),
    **_same(
        "std/tokens",
        "token_holders",
        "create_scoped_token",
        "transfer_scoped",
        "verify_token_constraints",
    ),
    "transfer": (
        LibraryFunction("std/tokens", "transfer"),
        LibraryFunction("std/tokens", "transfer_own"),
        LibraryFunction("std/tokens", "transfer_class"),
    ),
    **_same("std/mesh", "perform_action"),
    "perform_metered_action": (
        LibraryFunction("std/mesh", "perform_action"),
        LibraryFunction("std/mesh", "metered"),
    ),
    **_same("std/treasury", "create_treasury", "propose_treasury_spending"),
    **_same("std/treasury", "sign_treasury_proposal", "execute_treasury_spending"),
    **_same("std/budget", "create_budget", "allocate_budget_funds", "get_budget_balance"),
    **_same("std/budget", "transfer_between_categories", "calculate_surplus"),
    **_same("std/dividends", "create_dividend_pool", "calculate_member_dividend"),
    **_same("std/dividends", "execute_dividend_payment", "distribute_dividends"),
    **_same("std/delegation", "create_delegation", "revoke_delegation", "resolve_delegated_vote"),
    **_same("std/delegation", "calculate_delegated_power", "quadratic_vote_cost"),
    **_same("std/delegation", "submit_quadratic_vote", "calculate_quadratic_result"),
    **_same("std/delegation", "calculate_reputation_weight", "calculate_stake_weight"),
    **_same("std/governance", "create_multi_stage_proposal", "get_proposal_stage"),
    **_same("std/governance", "advance_proposal_stage"),
    **_same("std/dag", "dag_link", "dag_list_links", "dag_resolve_path"),
    **_same("std/dag", "save_contract_state", "load_contract_state", "version_contract"),
    **_same("std/identity", "require_proof", "pause_credential", "freeze_reputation"),
    **_same("std/identity", "is_reputation_frozen", "rotate_keys", "backup_keys"),
    **_same("std/federation", "join_federation", "discover_federations"),
    **_same("std/federation", "get_federation_metadata", "verify_federation_membership"),
    **_same("std/federation", "verify_cross_federation"),
}
"""By the name that programs call; several are distinguished by the number of their arguments."""


def _methods(
    group: str, file: str, prefix: str, *names: str
) -> dict[tuple[str, str], LibraryFunction]:
    return {(group, name): LibraryFunction(file, prefix + name) for name in names}


_ARRAY_METHODS: Final = (
    *("map", "filter", "fold", "all", "any", "count", "find", "sort_by", "flat_map", "each"),
    *("position", "index_of", "sum_by", "max_by", "min_by", "partition", "group_by", "tally"),
    *("is_empty", "first", "last", "at", "take", "drop", "concat", "flatten", "reverse"),
    *("unique", "zip", "chunks", "sort", "sort_with"),
)
_TEXT_METHODS: Final = (
    *("starts_with", "ends_with", "split", "split_once", "lines", "words", "points", "trim"),
    *("trim_start", "trim_end", "replace", "repeat", "pad_start", "pad_end", "is_empty"),
    *("fields", "to_integer"),
)

METHODS: Final[Mapping[tuple[str, str], LibraryFunction]] = {
    **_methods("Array", "std/core", "", *_ARRAY_METHODS),
    **_methods("Array", "std/text", "", "join"),
    **_methods(
        *("Map", "std/core", "map_"),
        *("entries", "get_or", "map_values", "filter", "fold", "merge", "is_empty"),
    ),
    **_methods(
        *("Option", "std/core", "option_"),
        *("is_some", "is_none", "unwrap_or", "map", "then", "filter", "ok_or"),
    ),
    **_methods(
        *("Result", "std/core", "result_"),
        *("is_ok", "is_err", "unwrap_or", "map", "map_err", "then", "ok"),
    ),
    **_methods("String", "std/text", "", *_TEXT_METHODS),
}
"""Methods by the kind of their receiver, beside those of `ccl.prelude.functions`; `x.f(y)` is
`f(x, y)`."""

BARE_METHODS: Final = frozenset(
    {"is_empty", "first", "last", "flatten", "reverse", "unique", "sort", "entries", "is_some"}
    | {"is_none", "is_ok", "is_err", "ok", "lines", "words", "points", "trim", "trim_start"}
    | {"trim_end", "to_integer", "tally", "fields"}
)
"""Methods of the library that take nothing besides their receiver."""

PROPOSALS_FILE: Final = "std/proposals"
"""The parts of `proposal Name { … }`."""

TYPES: Final[Mapping[str, str]] = {"Vote": PROPOSALS_FILE, "Outcome": PROPOSALS_FILE}
"""Enums of the prelude, and their files."""

_FILES_OF_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(dict.fromkeys(each.file for key, each in METHODS.items() if key[1] == name))
    for _, name in METHODS
}
_WORD: Final = re.compile(r"[^\W\d]\w*")
_METHOD: Final = re.compile(r"\.\s*([^\W\d]\w*)\s*\(")
_PASSED: Final = re.compile(r"(?<=[(,])\s*([^\W\d]\w*)\s*(?=[,)])")
_VARIABLE: Final = re.compile(r"\b(?:(?<=let )|(?<=for )|(?=\w+\s*:))([^\W\d]\w*)")


@lru_cache(maxsize=64)
def files_needed(text: str, declared: frozenset[str]) -> tuple[str, ...]:
    """Finds the library files whose names occur in a source text, by import path.

    `declared`: the names of the file's own functions and imports, which shadow those of the
    library. A name in a comment counts: an additional file does not change the result. Cached, as
    the library's own files recur with each program.
    """
    return tuple(sorted(set(_occurring(text, declared))))


def _passed(text: str, names: Set[str]) -> set[str]:
    """Finds names that are whole arguments and not variables with a type or a `let`."""
    found = set(_PASSED.findall(text)) & names
    return found - set(_VARIABLE.findall(text)) if found else found


def _called(text: str, names: Set[str]) -> set[str]:
    """Finds names that are called as functions."""
    each = "|".join(sorted(names))
    called = re.compile(rf"\b(?<![.:])(?<!fn )(?<!function )({each})\(")
    return set(called.findall(text))


def _word_before(text: str, end: int) -> str:
    while end and text[end - 1].isspace():
        end -= 1
    start = end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:end]


def _occurring(text: str, declared: Collection[str]) -> Iterator[str]:
    words = set(_WORD.findall(text))
    for name in FUNCTIONS.keys() & words:
        if name not in declared:
            yield from (each.file for each in FUNCTIONS[name])
    for name in TYPES.keys() & words:
        if name not in declared:
            yield TYPES[name]
    methods = (_FILES_OF_METHODS.keys() & words) - set(declared)
    if not methods:
        return
    for found in _METHOD.finditer(text):
        if found[1] in methods and _word_before(text, found.start()) not in declared:
            yield from _FILES_OF_METHODS[found[1]]
    for name in _called(text, methods) | _passed(text, methods):
        yield from _FILES_OF_METHODS[name]
