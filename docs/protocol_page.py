"""The generated parts of docs/protocol.md, put between their marks: `make docs` runs it.

The prose around them is written by hand, in the page itself.
"""

import inspect
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from protocol_fields import fields_table, lead, nested, words_of
from protocol_routes import ROUTES
from protocol_run import sealed_run, unsealed_run
from protocol_states import (
    REFUSALS,
    attempt_diagram,
    attempt_table,
    declines_table,
    job_diagram,
    job_table,
    payments_table,
    refusals_table,
    slots_list,
)

from mesh.actors.base import BaseActor
from mesh.actors.issuer.issuer import Issuer
from mesh.actors.node.node import Node
from mesh.actors.submitter.actor import Submitter
from mesh.actors.verifier.verifier import Verifier
from mesh.core.records.registry import RECORDS
from runtime.execution.context import Context

PAGE: Final = Path(__file__).parent / "protocol.md"
ACTORS: Final[Mapping[str, type[BaseActor]]] = {
    "submitter": Submitter,
    "node": Node,
    "issuer": Issuer,
    "verifier": Verifier,
}
_PART: Final = re.compile(
    r"(?<=<!-- generated: )(?P<name>[a-z-]+) -->\n.*?(?=<!-- end -->)", re.DOTALL
)


def records_part() -> str:
    """Every record, message by message, and what occurs in several of them."""
    parts = [_record(kind) for kind in RECORDS.values()]
    parts.append("## Parts of records\n")
    for kind in nested(iter([*RECORDS.values(), Context])):
        parts.append(f"### {kind.__name__}\n")
        if issubclass(kind, Enum):
            parts.append(f"One of {words_of(kind)}.\n")
        else:
            parts += [lead(kind) + "\n", fields_table(kind) + "\n"]
    return "\n".join(parts)


def context_part() -> str:
    return "\n".join([lead(Context) + "\n", fields_table(Context)])


def refusals_part() -> str:
    parts = [f"### Refusals {of}\n\n{refusals_table(kind)}\n" for of, kind in REFUSALS.items()]
    declines = f"### Declines of nodes, in the order of the checks\n\n{declines_table()}"
    return "\n".join([*parts, declines])


PARTS: Final = {
    "sealed-run": sealed_run,
    "unsealed-run": unsealed_run,
    "records": records_part,
    "context": context_part,
    "job-diagram": job_diagram,
    "job-table": job_table,
    "attempt-diagram": attempt_diagram,
    "attempt-table": attempt_table,
    "payments": payments_table,
    "refusals": refusals_part,
    "slots": slots_list,
}


def page(before: str) -> str:
    """The page with its generated parts as they are now."""
    return _PART.sub(lambda found: f"{found['name']} -->\n{PARTS[found['name']]()}\n", before)


def _record(kind: type[Any]) -> str:
    route = ROUTES[kind]
    to = ", ".join(route.receivers) or "nobody by itself"
    lines = [f"### {kind.__name__}\n", lead(kind) + "\n"]
    lines.append(f"- **Signed by** {route.signers}")
    lines.append(f"- **To** {to}" + (f", with {route.attached}" if route.attached else ""))
    if route.again:
        lines.append(f"- **Sent again** {route.again}")
    lines.append(f"- **Checked**: {route.checks}")
    for role in route.receivers:
        does = _handling(role, kind)
        if does:
            lines.append(f"- **The {role}**: {does}")
    return "\n".join([*(each for each in lines if each), "", fields_table(kind), ""])


def _handling(role: str, kind: type[Any]) -> str:
    """What an actor does with a record, by its own table."""
    actor = ACTORS.get(role)
    handler = None if actor is None else actor.handlers.get(kind)
    return " ".join((inspect.getdoc(handler) or "").split()) if handler is not None else ""


def main() -> None:
    """Write the generated parts again."""
    before = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page(before), encoding="utf-8")


if __name__ == "__main__":
    main()
