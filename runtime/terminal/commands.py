"""Which of the three programs has a command, for those who called it of another one."""

from collections.abc import Mapping
from shlex import quote
from typing import Final

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "cclc": ("compile", "check", "fmt", "explain", "inspect", "verify", "bounds"),
    "ccl": ("run", "runs", "charter", "test", "new"),
    "meshctl": (
        *("submit-job", "get-bids", "accept-bid", "job-status", "list-jobs", "cancel-job"),
        *("list-nodes", "receipt", "verify", "results", "logs", "policy"),
        *("identity", "tokens", "state", "block", "doctor"),
    ),
}
_SYNONYMS: Final = {"format": "fmt", "build": "compile", "init": "new"}


def command_that_has(word: str, program: str) -> str | None:
    """The next step for a word that is no command of `program`, None where none is known."""
    if word == "help":
        return f"`{program} --help` lists the commands, `{program} COMMAND --help` says more of one"
    if word.endswith(".ccl"):
        return f"a command comes first, for instance `ccl run {quote(word)}`"
    name = _SYNONYMS.get(word, word)
    having = [each for each, names in COMMANDS.items() if name in names]
    if not having:
        return None
    return (
        f"it is a command of another program: `{having[0]} {name}`"
        if (program not in having)
        else f"did you mean `{program} {name}`?"
    )
