"""Edits of the database by hand: each is found, and what can be derived is rebuilt as it was."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from home_rows import Rows, differing_tables, rows_of
from msgspec import Struct
from whole_home import WholeHome, edit

from mesh.adapters.rows.layout import layout_of
from mesh.core.settlement.books import ENTRIES
from mesh.queries.audit.findings import Finding
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode, encode

OTHER = cid_of(b"something else", Codec.DAG_CBOR).raw
STRANGER = "did:key:zzz"
NUMBER = "(SELECT number FROM names WHERE name = {})"
STRANGER_NUMBER = NUMBER.format(f"'{STRANGER}'")
OTHER_NUMBER = NUMBER.format(f"x'{OTHER.hex()}'")
NAME_OTHER = f"INSERT INTO names (name) VALUES (x'{OTHER.hex()}') ON CONFLICT DO NOTHING"
SUBMITTER = "(SELECT actor FROM jobs LIMIT 1)"


class Edit(Struct, frozen=True, kw_only=True):
    """An edit by SQL. derivable: whether a repair makes every row what it was. keeps_order: of what
    was booked in one second, which no record says where all holds are lost."""

    name: str
    sql: tuple[str, ...]
    derivable: bool = True
    keeps_order: bool = True
    says: str = ""


def change(name: str, *sql: str, says: str = "") -> Edit:
    return Edit(name=name, sql=sql, says=says)


def loss(name: str, *sql: str, says: str = "") -> Edit:
    return Edit(name=name, sql=sql, derivable=False, says=says)


EDITS = (
    change(
        "forged issue",
        "INSERT INTO ledger_entries SELECT actor, zeroblob(32), unit, debit_owner, debit_kind,"
        " credit_owner, credit_kind, 999999, state, created_at, tokens, policies,"
        " subject, payments FROM ledger_entries WHERE debit_kind = 'issuance' LIMIT 1",
        says="nothing signed leads to it",
    ),
    change(
        "raised balance with a matching entry",
        "INSERT INTO ledger_entries SELECT actor, zeroblob(32), unit, debit_owner, debit_kind,"
        " credit_owner, credit_kind, 500, state, created_at, tokens, policies,"
        " subject, payments FROM ledger_entries WHERE debit_kind = 'issuance' LIMIT 1",
        "UPDATE ledger_accounts SET debits_posted = debits_posted + 500 WHERE kind = 'issuance'",
        "UPDATE ledger_accounts SET credits_posted = credits_posted + 500"
        " WHERE kind = 'holdings' AND owner = (SELECT credit_owner FROM ledger_entries"
        " WHERE debit_kind = 'issuance' LIMIT 1)",
    ),
    change("raised balance", "UPDATE ledger_accounts SET credits_posted = credits_posted + 1"),
    change(
        "overdrawn account",
        "UPDATE ledger_accounts SET debits_posted = debits_posted + 10000000"
        " WHERE kind = 'holdings' AND owner IN (SELECT debit_owner FROM ledger_entries"
        " WHERE credit_kind IS NULL)",
        says="units available",
    ),
    change("deleted account", "DELETE FROM ledger_accounts WHERE kind = 'issuance'"),
    change("use of a token set to nothing", "UPDATE ledger_token_uses SET drawn = 0"),
    change("deleted use of a token", "DELETE FROM ledger_token_uses"),
    change("usage reset", "UPDATE ledger_usages SET committed = 0"),
    change("deleted usage", "DELETE FROM ledger_usages", says="usage of compute"),
    change("amount of a hold", "UPDATE ledger_entries SET amount = 1 WHERE credit_kind IS NULL"),
    change("state of a hold", "UPDATE ledger_entries SET state = 'voided' WHERE state = 'pending'"),
    Edit(
        name="deleted holds",
        sql=("DELETE FROM ledger_entries WHERE credit_kind IS NULL",),
        keeps_order=False,
    ),
    change(
        "another payer of a hold",
        f"INSERT INTO names (name) VALUES ('{STRANGER}')",
        f"UPDATE ledger_entries SET debit_owner = {STRANGER_NUMBER} WHERE credit_kind IS NULL",
    ),
    change(
        "allocation made an issue",
        "UPDATE ledger_entries SET debit_kind = 'issuance' WHERE debit_kind = 'holdings'"
        " AND credit_kind = 'holdings'",
    ),
    change("payer of an allocation", "UPDATE issuer_tokens SET payer = audience"),
    change("deleted policy", "DELETE FROM issuer_policies"),
    change("older edition of a policy", "UPDATE issuer_policies SET edition = 1"),
    change("deleted policy that was read", "DELETE FROM policies_read"),
    change("token made valid again", "DELETE FROM issuer_revocations"),
    change("token of its holder made valid again", "UPDATE tokens_held SET is_revoked = 0"),
    change("what was spent", "UPDATE tokens_held SET spent = 0"),
    change("statement's number", "UPDATE issuer_statements SET sequence = 1"),
    change("deleted statement", "DELETE FROM statements_read"),
    change("phase of a job", "UPDATE jobs SET phase = 'Verified'"),
    change("description of a job", "UPDATE jobs SET description = 'nothing'"),
    change("deleted job", "DELETE FROM jobs WHERE phase = 'Verified'"),
    change("deleted deadline", "DELETE FROM job_timers"),
    change("phase of an issuer's attempt", "UPDATE issuer_attempts SET phase = 'held'"),
    change(
        "settlement of an attempt",
        "UPDATE issuer_attempts SET settlement = (SELECT settlement FROM issuer_attempts"
        " WHERE settlement IS NOT NULL LIMIT 1) WHERE settlement IS NOT NULL",
    ),
    change("delegated units", "UPDATE issuer_jobs SET delegated = 0"),
    change("job id that is free again", "DELETE FROM issuer_jobs"),
    change("slot that is free again", "DELETE FROM issuer_slots"),
    change("withdrawal", "DELETE FROM issuer_cancels"),
    change("evidence of a contradiction", "DELETE FROM issuer_evidence"),
    change("deleted evidence", "DELETE FROM evidence"),
    change("better evidence", "UPDATE evidence SET kind = 'verified', value = 100000"),
    change("settlement that was read", "UPDATE settlements_read SET is_contradicted = 1"),
    change("settled hold", "UPDATE holds_seen SET is_settled = 0"),
    change("effects that were carried out", "DELETE FROM effects_done WHERE transfer IS NOT NULL"),
    change("holding of a class", "UPDATE class_holdings SET units = units + 1"),
    change("deleted holding", "DELETE FROM class_holdings"),
    change("movement of a class", "UPDATE class_movements SET amount = 3 WHERE position = 2"),
    change("root of the state", "UPDATE own_state SET root = NULL"),
    change(
        "swapped receipts",
        "UPDATE node_attempts SET receipt = (SELECT other.receipt FROM node_attempts other"
        " WHERE other.receipt IS NOT NULL LIMIT 1) WHERE receipt IS NOT NULL",
    ),
    change("end of a chain", "UPDATE node_chain SET sequence = sequence - 1"),
    change("pay of a node", "UPDATE node_attempts SET paid = paid + 1 WHERE paid > 0"),
    change("complaint of a node", "UPDATE node_attempts SET complaint = 'unpaid'"),
    change("usage of a node", "DELETE FROM node_usages"),
    change(
        "result of an execution",
        NAME_OTHER,
        f"UPDATE executions SET result = {OTHER_NUMBER}",
    ),
    change(
        "changed observation",
        NAME_OTHER,
        f"UPDATE observations SET deterministic = {OTHER_NUMBER}",
    ),
    change("verdict of a verifier", "UPDATE verified_receipts SET verdict = 'refuted'"),
    change("anchor's place", "UPDATE anchors_seen SET sequence = sequence + 100"),
    change("list of members", "DELETE FROM memberships"),
    change("message about nothing", "UPDATE outbox SET until = 'hold/nothing'"),
    change("total of the blocks", "UPDATE block_total SET bytes = bytes + 1", says="add up to"),
    change(
        "block that its only holder has lost",
        "DELETE FROM held WHERE block IN (SELECT second FROM issuer_evidence WHERE fault IS NULL)",
        says="is held by nobody",
    ),
    change(
        "record that one member has lost",
        "DELETE FROM held WHERE block = (SELECT hold FROM issuer_attempts LIMIT 1)"
        " AND actor = (SELECT actor FROM issuer_attempts LIMIT 1)",
        says="has it",
    ),
    change(
        "row that cannot be read",
        "UPDATE issuer_attempts SET drawn = x'00' WHERE hold IN"
        " (SELECT hold FROM issuer_attempts WHERE phase = 'settled' LIMIT 1)",
        says="cannot be read",
    ),
    loss("removed event", "DELETE FROM history WHERE number = 3", says="is missing in its history"),
    loss(
        "removed last event",
        "DELETE FROM history WHERE number = (SELECT max(number) FROM history other"
        " WHERE other.job_id = history.job_id)",
        says="its stored state is of",
    ),
    loss(
        "removed history",
        "DELETE FROM history WHERE job_id = (SELECT job_id FROM jobs LIMIT 1)",
        says="it has no history",
    ),
)


def carry_out(home: WholeHome, each: Edit) -> int:
    return sum(edit(home.path, sql) for sql in each.sql)


@pytest.mark.parametrize("each", EDITS, ids=lambda each: each.name.replace(" ", "-"))
def test_edit_is_found_and_what_is_derivable_is_rebuilt(home: WholeHome, each: Edit) -> None:
    before = rows_of(home.path)
    assert carry_out(home, each), "the edit changes something"
    assert rows_of(home.path) != before
    found = home.audit()
    assert found
    assert any(each.says in finding.text for finding in found), [str(one) for one in found]
    repaired = home.repair()
    left = home.audit()
    if each.derivable:
        assert [str(one) for one in left] == []
        assert repaired.remaining == ()
        after = rows_of(home.path)
        after = after if each.keeps_order else _in_order(before, after)
        assert _without_clocks(differing_tables(before, after)) == {}
    else:
        assert left
        assert any(not one.derivable for one in left)


LATER = {
    "issuer_attempts": "the moments of an attempt that was not readable are in no record",
    "held": "a block that a wrong row names is copied from another member first",
    "outbox": "a message about nothing is taken away; its sender sends it again",
}


def _without_clocks(differing: dict[str, Any]) -> dict[str, Any]:
    return {name: rows for name, rows in differing.items() if name not in LATER}


def _in_order(before: Rows, after: Rows) -> Rows:
    """The rows after, where they differ only in the numbers of changes with those before."""
    names = [each.name for each in layout_of(ENTRIES).columns]
    place, column = names.index("id"), names.index("policies")
    old = {row[place]: row for row in before["ledger_entries"]}

    def as_before(row: tuple[Any, ...]) -> tuple[Any, ...]:
        was = old.get(row[place], row)
        same = _unnumbered(was[column]) == _unnumbered(row[column])
        return (*row[:column], was[column], *row[column + 1 :]) if same else row

    rows = map(as_before, after["ledger_entries"])
    return after | {"ledger_entries": sorted(rows, key=repr)}


def _unnumbered(policies: bytes) -> list[Any]:
    return [(each["policy"], each["scope"], each["returned"] is None) for each in decode(policies)]


def test_job_ids_stay_taken_after_a_repair(home: WholeHome) -> None:
    """What a deleted row allowed for a moment is refused again."""
    edit(home.path, "DELETE FROM issuer_jobs")
    edit(home.path, "DELETE FROM issuer_cancels")
    home.repair()
    assert home.audit() == ()


# --- histories, of which the event is a blob


def _event(path: Any, kind: str, alter: Callable[[dict[str, Any]], None]) -> None:
    """Change the first event of a kind."""
    connection = sqlite3.connect(path)
    for actor, job_id, number, stored in connection.execute("SELECT * FROM history").fetchall():
        value = decode(stored)
        if kind in str(value["event"]):
            alter(value)
            connection.execute(
                "UPDATE history SET stored = ? WHERE actor = ? AND job_id = ? AND number = ?",
                (encode(value), actor, job_id, number),
            )
            connection.commit()
            connection.close()
            return
    raise AssertionError(f"no event of {kind}")


def test_signer_of_an_event_is_rebuilt_from_its_record(home: WholeHome) -> None:
    before = rows_of(home.path)

    def alter(value: dict[str, Any]) -> None:
        fields = value["event"]
        fields = fields if "bid" in fields else next(iter(fields.values()))
        fields["signer"] = str(home.actors.issuer.did)

    _event(home.path, "node_id", alter)
    found: tuple[Finding, ...] = home.audit()
    assert found and all(each.derivable for each in found)
    home.repair()
    assert home.audit() == ()
    assert differing_tables(before, rows_of(home.path)) == {}


def test_record_of_an_event_that_is_another_is_found_and_not_guessed(home: WholeHome) -> None:
    def alter(value: dict[str, Any]) -> None:
        fields = value["event"]
        fields = fields if "settlement" in fields else next(iter(fields.values()))
        fields["settlement"] = cid_of(b"another", Codec.DAG_CBOR)

    _event(home.path, "settlement", alter)
    assert home.audit()
    home.repair()
    left = home.audit()
    assert any("is not in the store" in each.text and not each.derivable for each in left)
