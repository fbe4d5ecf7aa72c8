"""Suggestions for a wrong command or option: the program that has it."""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Final

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "cclc": ("compile", "check", "fmt", "explain", "inspect", "verify", "bounds"),
    "ccl": ("run", "runs", "charter", "test", "new"),
    "meshctl": (
        *("submit-job", "get-bids", "accept-bid", "job-status", "list-jobs", "cancel-job"),
        *("list-nodes", "receipt", "verify", "results", "logs", "policy"),
        *("history", "job-tree", "reputation", "usage", "rerun", "validate"),
        *("identity", "tokens", "state", "block", "doctor", "prune"),
    ),
}
OPTIONS: Final[Mapping[str, str]] = {
    "--check": "cclc fmt",
    "--emit": "cclc compile",
    "--fix": "cclc check",
    "--watch": "cclc check",
    "--context": "ccl run",
    "--dry-run": "ccl run",
    "--entry": "ccl run",
    "--input": "ccl run",
    "--only": "ccl test",
    "--strict": "ccl charter",
    "--wasm": "meshctl submit-job",
}
"""Options that users look for in commands without them."""
SYNONYMS: Final = {
    "format": "fmt",
    "build": "compile",
    "init": "new",
    "ls": "list-jobs",
    "cancel": "cancel-job",
    "status": "job-status",
    "balance": "tokens balance",
    "issue": "tokens issue",
    "allocate": "tokens allocate",
    "delegate": "tokens delegate",
    "receive": "tokens receive",
    "revoke": "tokens revoke",
    "grant": "identity grant",
    "roles": "identity roles",
    "whoami": "identity show",
    "put": "block put",
    "get": "block get",
}
"""Words that other tools have, and those of groups without the name of their group."""


def command_that_has(word: str, program: str) -> str | None:
    """Suggests the next step for a word that is no command of `program`; None without a
    suggestion."""
    if word == "help":
        return f"`{program} --help` lists the commands, `{program} COMMAND --help` describes one"
    if word == "version":
        return f"`{program} --version` prints it"
    if word.endswith(".ccl"):
        return f"a command comes first, for instance `ccl run {quote(word)}`"
    name = SYNONYMS.get(word, word)
    having = [each for each, names in COMMANDS.items() if name.split()[0] in names]
    if not having:
        return None
    return (
        f"it is a command of another program: `{having[0]} {name}`"
        if (program not in having)
        else f"did you mean `{program} {name}`?"
    )


def option_elsewhere(option: str) -> str | None:
    """Suggests the next step for an option that the command does not have; None without a
    suggestion."""
    having = OPTIONS.get(option)
    return None if having is None else f"it is an option of another command: `{having} {option}`"


def command_named(program: str, words: Sequence[str]) -> str:
    """Gives the program with its command, as far as the words of a command line name one."""
    word = next((each for each in words if each in COMMANDS.get(program, ())), None)
    return program if word is None else f"{program} {word}"
