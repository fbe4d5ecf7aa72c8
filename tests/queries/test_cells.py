"""Single cells of any table, changed at random: each is found, or is shown not to matter.

UNDECIDED lists the columns that no record decides, with the reason why a change of one does no harm
that an audit could find.
"""

import random
import sqlite3
from typing import Any, Final

import pytest
from cell_edits import ALL_TABLES, columns_of, other_value
from effort import FACTOR
from whole_home import WholeHome

from mesh.adapters.rows.columns import Column
from mesh.adapters.rows.layout import layout_of
from mesh.core.ports.tables import Table

CLOCK: Final = "a clock of this machine, which is in no record"
STATISTICS: Final = "statistics, on which nothing rests"
WHEN: Final = "when something came or was seen: its record is the same whenever that was"
LEASE: Final = "leases are counted by the issuer's own clock; what it pays is in the settlement"
OPERATOR: Final = "the operator's own word, as far as no profile states it"
AT_OPENING: Final = "a home whose founding is another is not opened at all"
ORDER: Final = "the order of sending again: the message itself is checked"

UNDECIDED: Final[dict[str, dict[str, str]]] = {
    "refusals": dict.fromkeys(("reason", "kind", "count", "last_at"), STATISTICS),
    "memberships": {"known_at": WHEN},
    "executions": dict.fromkeys(
        (
            "fuel_per_second",
            "since",
            "tries",
            "signs",
            "newest_sign",
            "next_sign_at",
            "executing_from",
            "boot",
            "fault",
            "detail",
            "state",
        ),
        "progress of an execution; its result is checked by what its actor has signed",
    )
    | dict.fromkeys(("metrics", "started_at", "ended_at"), "of verifiers in no record"),
    "issuer_attempts": dict.fromkeys(
        (
            "held_at",
            "running_first",
            "running_last",
            "signs",
            "drawn",
            "opened_at",
            "enough_at",
            "due_at",
        ),
        LEASE,
    ),
    "issuer_presence": dict.fromkeys(("seen_at", "boot"), CLOCK),
    "issuer_driven": dict.fromkeys(("boot", "driven_at", "leases_from", "wall"), CLOCK),
    "ledger_entries": {"created_at": "of issues and moves no record says when they were booked"},
    "node_settings": {"settings": OPERATOR},
    "node_attempts": {"ended_at": WHEN},
    "profile": dict.fromkeys(("sent_at", "beat_at", "boot"), CLOCK),
    "founded": dict.fromkeys(("only", "genesis", "change"), AT_OPENING),
    "job_timers": dict.fromkeys(("ask_at", "retry_at", "boot"), CLOCK),
    "history": {"stored": "the time of an event between those of its neighbours"},
    "profiles_seen": dict.fromkeys(("seen_at", "boot"), CLOCK),
    "tokens_held": {"received_at": WHEN},
    "own_state": {"is_register_due": "a register that is due is made anew, as it was"},
    "effects_done": dict.fromkeys(
        ("reason", "root", "applied_at"), "of a local run, whose effects are in no record"
    ),
    "class_movements": {"position": "of a local run, whose effects are in no record"},
    "faults_seen": {"seen_at": WHEN},
    "verifier_settings": {"settings": OPERATOR},
    "verifier_duties": {"ended_at": WHEN, "why_silent": "a text for people"},
    "observations": {"observed_at": WHEN},
    "outbox": dict.fromkeys(("boot", "next_at", "tries", "attached"), ORDER),
    "work": {"claimed_by": "a claim whose process is gone is taken over"},
    "jobs": {"missing": "while a job waits for a block: which one is looked for again"},
}


NAMED: Final = "SELECT number, name FROM names WHERE"


def changed(
    connection: sqlite3.Connection, table: Table[Any], row: tuple[Any, ...], name: str, to: Any
) -> bool:
    """Write another value into a cell; whether the file allows it."""
    layout = layout_of(table)
    names = [each.name for each in layout.columns]
    keys = [names[position] for position in layout.key]
    where = " AND ".join(f'"{key}" = ?' for key in keys)
    place = [row[names.index(key)] for key in keys]
    sql = f'UPDATE "{table.name}" SET "{name}" = ? WHERE {where}'
    try:
        return connection.execute(sql, (to, *place)).rowcount == 1
    except sqlite3.IntegrityError:
        return False


def other_cell(
    connection: sqlite3.Connection,
    table: Table[Any],
    column: Column,
    cell: Any,
    dice: random.Random,
) -> Any:
    """Another value for a cell; for a name, the number of another."""
    if not column.is_name:
        return other_value(table, column, cell, dice)
    run = connection.execute
    name = None if cell is None else run(f"{NAMED} number = ?", (cell,)).fetchone()[1]
    other = other_value(table, column, name, dice)
    if other is None:
        return None
    run("INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING", (other,))
    return run(f"{NAMED} name = ?", (other,)).fetchone()[0]


def undetected(home: WholeHome, table: Table[Any], dice: random.Random, cells: int) -> list[str]:
    """The columns of which a changed cell was not found."""
    names = [each.name for each in layout_of(table).columns]
    selected = ", ".join(f'"{name}"' for name in names)
    connection = sqlite3.connect(home.path, isolation_level=None)
    found = []
    rows = connection.execute(f'SELECT {selected} FROM "{table.name}"').fetchall()
    for column in columns_of(table):
        for row in dice.sample(rows, min(cells, len(rows))):
            place = names.index(column.name)
            to = other_cell(connection, table, column, row[place], dice)
            if to == row[place] or not changed(connection, table, row, column.name, to):
                continue
            if not home.audit():
                found.append(column.name)
            after = (*row[:place], to, *row[place + 1 :])
            assert changed(connection, table, after, column.name, row[place])
    connection.close()
    return found


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_changed_cell_is_found_or_does_not_matter(home: WholeHome, table: Table[Any]) -> None:
    dice = random.Random(f"cells of {table.name}" if FACTOR == 1 else None)
    found = undetected(home, table, dice, cells=FACTOR)
    assert set(found) <= set(UNDECIDED.get(table.name, {}))
    assert home.audit() == (), "every cell is what it was"
