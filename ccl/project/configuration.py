"""`ccl.toml`: the levels of a project's warnings.

    [lints]
    CCL0902 = "allow"      # or "warn", as without it, or "deny": an error

Rule: an unknown key is an error with its place, as a setting without effect would mislead.
"""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from ccl.abi.text.suggest import nearest
from ccl.project.allowances import nearest_warning, not_a_warning
from ccl.source.files import SourceError, read_source

LINTS: Final = "lints"
_BYTES_MAX: Final = 64 * 1024
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|(end of document))\)$")
_HEAD: Final = re.compile(r"\s*\[\s*[\"']?(\w+)[\"']?\s*\]")


class Level(Enum):
    """The level of a warning."""

    ALLOW = "allow"
    WARN = "warn"
    DENY = "deny"


class ConfigurationError(ValueError):
    """An invalid `ccl.toml`. `line` counts from 1, None for the whole file."""

    def __init__(self, path: Path, message: str, *, hint: str, line: int | None = None) -> None:
        place = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}")
        self.path = path
        self.line = line
        self.hint = hint


def read_levels(path: Path) -> Mapping[str, Level]:
    """Reads the levels by code. Raises ConfigurationError."""
    try:
        text = read_source(path).removeprefix("\ufeff")
    except SourceError as error:
        raise ConfigurationError(
            path, f"cannot be read: {error.kind.value}", hint="correct the file, or remove it"
        ) from None
    if len(text) > _BYTES_MAX:
        raise ConfigurationError(
            path,
            f"has more than {_BYTES_MAX} characters",
            hint="it contains levels of warnings only",
        )
    return _levels(path, text, _parsed(path, text))


def _parsed(path: Path, text: str) -> dict[str, Any]:
    import tomllib  # most projects have nothing to read

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigurationError(
            path, "is nested too deeply", hint="it contains levels of warnings only"
        ) from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        message = _PLACE.sub("", str(error))
        line = None
        if place is not None:
            line = int(place[1]) if place[1] else text.count("\n") + 1
        raise ConfigurationError(
            path,
            f"is not TOML: {message}",
            hint='write `[lints]` and below it, for instance, `CCL0902 = "allow"`',
            line=line,
        ) from None


def _levels(path: Path, text: str, root: dict[str, Any]) -> dict[str, Level]:
    for key in root:
        if key != LINTS:
            raise ConfigurationError(
                path,
                f"unknown key `{key}`",
                hint=_suggestion(nearest(key, [LINTS]), [f"[{LINTS}]"]),
                line=_line_of(text, None, key),
            )
    table = root.get(LINTS, {})
    if not isinstance(table, dict):
        raise ConfigurationError(
            path,
            f"`{LINTS}` is not a table",
            hint='write `[lints]` and below it `CCL0902 = "allow"`',
            line=_line_of(text, None, LINTS),
        )
    levels: dict[str, Level] = {}
    for code, value in table.items():
        line = _line_of(text, LINTS, code)
        reason = not_a_warning(code)
        if reason is not None:
            hint = _suggestion(nearest_warning(code), ["the codes of warnings: `cclc explain`"])
            raise ConfigurationError(path, reason, hint=hint, line=line)
        names = [each.value for each in Level]
        if value not in names:
            near = nearest(value, names) if isinstance(value, str) else None
            raise ConfigurationError(
                path,
                f"`{code}` has no level {value!r:.60}",
                hint=_suggestion(near, [f'"{name}"' for name in names]),
                line=line,
            )
        levels[code] = Level(value)
    return levels


def _suggestion(near: str | None, known: Iterable[str]) -> str:
    return f"valid here: {', '.join(known)}" if near is None else f"did you mean `{near}`?"


def _line_of(text: str, table: str | None, key: str) -> int | None:
    """Finds the line of a key in its usual form; None for another form."""
    inside = None
    written = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*(?:=|\.)")
    for number, line in enumerate(text.split("\n"), start=1):
        head = _HEAD.match(line)
        if head is not None:
            inside = head[1]
            if table is None and inside == key:
                return number
        elif inside == table and written.match(line):
            return number
    return None
