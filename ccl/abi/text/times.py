"""Times as people write them: RFC 3339, which has the years 1 to 9999."""

from datetime import UTC, datetime, timedelta
from typing import Final

YEARS: Final = "the years 1 to 9999"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(seconds: int) -> str | None:
    """Writes `2026-01-15T10:30:00Z`; None for a year that it does not have."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def shown_time(seconds: int) -> str:
    """Writes the same, and beyond those years the seconds with their epoch."""
    return rfc3339(seconds) or f"{seconds}s since 1970-01-01T00:00:00Z, outside {YEARS}"
