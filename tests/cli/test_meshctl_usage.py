"""`meshctl usage`: its sums are the ledger's, to the unit, whatever has happened before."""

import csv
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from embedded_mesh import endless, opened
from meshcommand import Meshctl, await_line, ended, start_saying, submitted, verified
from saying import STILL_RUNNING

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction
from mesh.cli.reports.usage_formats import say_csv
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.core.settlement.books import ACCOUNTS
from runtime.content.cid import Codec, cid_of
from runtime.execution.effects import TransferTokens
from runtime.tokens.transfers import AccountKind

OTHER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
UNITS = ("issued", "paid", "earned", "received", "sent")


def used(meshctl: Meshctl, *words: str) -> list[dict[str, Any]]:
    answer = meshctl("usage", *words, "-o", "json")
    assert answer.code == 0, answer
    rows: list[dict[str, Any]] = json.loads(answer.out)["usage"]
    return rows


def total(rows: list[dict[str, Any]], *keys: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        found[tuple(row[key] for key in keys)] += row["net"]
    return found


def cancelled_while_it_runs(meshctl: Meshctl, home: Path) -> str:
    """A job that is paid for its time."""
    with opened(home) as mesh:
        job = mesh.submit(endless(budget=500_000))
    driver = start_saying("job-status", job, "--wait", "--auto-award")
    await_line(driver.stdout, STILL_RUNNING)
    assert meshctl("cancel-job", job).code == 0
    ended(driver)
    return job


def sent(home: Path, amount: int) -> None:
    """Units of the submitter's own, sent by the effects of a local run."""
    with opened(home) as mesh:
        me = mesh.owner
        effect = TransferTokens(token_class="compute", amount=amount, holder=me, to=OTHER)  # type: ignore[arg-type]
        cause = cid_of(b"a run", Codec.RAW)

        def apply(tx: DeliveryTransaction, now: Now) -> None:
            mesh.submitter.apply_effects(tx, cause, (effect,), None, now)

        mesh.command(apply)


@pytest.fixture
def mixture(meshctl: Meshctl, home: Path) -> str:
    """Jobs, a cancelled one, a failed one, allocations, a transfer and issues; the cancelled."""
    verified(meshctl)
    meshctl("accept-bid", "--job-id", submitted(meshctl), "--node-id", "mesh-node-3")
    verified(meshctl, wasm="trap.wasm")
    submitted(meshctl)  # is never awarded
    for scope, units in (("care", "5000"), ("care/homes", "300"), ("youth", "70")):
        assert meshctl("tokens", "allocate", scope, units).code == 0
    job = submitted(meshctl, "--scope", "care/homes/beds")
    meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    token = meshctl("tokens", "allocate", "sport", "900", "-q").out.strip()
    assert meshctl("tokens", "revoke", token).code == 0
    assert meshctl("tokens", "issue", "--amount", "123", "--to", OTHER).code == 0
    assert meshctl("tokens", "issue", "--amount", "77", "--scope", "care").code == 0
    sent(home, 41)
    return cancelled_while_it_runs(meshctl, home)


def test_sums_are_the_ledgers_after_a_mixture(meshctl: Meshctl, home: Path, mixture: str) -> None:
    rows = used(meshctl, "--by", "all")
    with opened(home) as mesh, mesh.read() as reader:
        accounts = reader.view.rows(reader.issuer, ACCOUNTS).select()
        balances: Counter[tuple[str, ...]] = Counter()
        known = {each.member for each in mesh.members.change.body.members} | {OTHER}
        for row in accounts:
            if row.kind is AccountKind.HOLDINGS:
                # What has another name holds units that the submitter has set aside.
                owner = row.owner if row.owner in known else mesh.owner
                balances[owner, row.unit] += row.credits_posted - row.debits_posted
        (issuance,) = (row for row in accounts if row.kind is AccountKind.ISSUANCE)
    assert total(rows, "did", "resource_type") == balances
    assert sum(row["issued"] for row in rows) == issuance.debits_posted == 1_000_200
    for one, other in (("paid", "earned"), ("sent", "received")):
        assert sum(row[one] for row in rows) == sum(row[other] for row in rows) > 0
    # The cancelled job was paid for its time, and the rest of its price is free again.
    with opened(home) as mesh:
        job = mesh.job(JobId(mixture))
    assert job.phase is Phase.CANCELLED and job.award is not None
    node = job.award.node_id
    earned = sum(map(int, meshctl("usage", "--member", node, "-q").out.split()))
    assert earned == sum(row["net"] for row in rows if row["member"] == node)
    assert 0 < job.paid < job.award.price and job.paid <= earned
    own = [row for row in rows if row["member"] == "submitter"]
    assert sum(row["net"] for row in own) == 1_000_077 - 41 - sum(row["paid"] for row in own)


def test_scopes_show_what_was_set_aside_and_spent(meshctl: Meshctl, mixture: str) -> None:
    rows = {row["scope"]: row for row in used(meshctl, "--by", "all", "--member", "submitter")}
    assert {scope: row["received"] for scope, row in rows.items() if row["received"]} == {
        "": 900,
        "care": 5000,
        "care/homes": 300,
        "sport": 900,
        "youth": 70,
    }
    assert (rows["sport"]["sent"], rows["sport"]["net"]) == (900, 0)
    assert rows["care/homes/beds"]["paid"] == 80
    assert rows["care"]["issued"] == 77
    inside = used(meshctl, "--scope", "care", "--member", "submitter")
    assert {row["scope"] for row in inside} == {"care", "care/homes", "care/homes/beds"}


def test_periods_and_filters_divide_the_same_sums(meshctl: Meshctl) -> None:
    verified(meshctl)
    whole = total(used(meshctl, "--by", "all"), "did")
    for period, chars in (("day", 10), ("month", 7), ("year", 4)):
        rows = used(meshctl, "--by", period)
        assert {len(row["period"]) for row in rows} == {chars}
        assert total(rows, "did") == whole
    assert used(meshctl) == used(meshctl, "--by", "month")
    (node,) = used(meshctl, "--member", "mesh-node-2")
    assert (node["earned"], node["net"]) == (68, 68)
    assert used(meshctl, "--member", node["did"]) == [node]
    assert used(meshctl, "--type", "compute") == used(meshctl)
    assert used(meshctl, "--type", "storage") == []
    assert used(meshctl, "--since", "1h") == used(meshctl)
    assert used(meshctl, "--since", "2999-01-01") == []
    assert used(meshctl, "--scope", "care") == []


def test_table_says_that_the_ledger_was_compared(meshctl: Meshctl) -> None:
    verified(meshctl)
    shown = meshctl("usage")
    assert shown.err == ("the sums are the ledger's: 6 accounts compared, all equal to the unit\n")
    lines = shown.out.splitlines()
    assert lines[0].split() == ["Period", "Member", "Resource", "Scope"] + [
        name.capitalize() for name in (*UNITS, "net")
    ]
    assert len(lines) == 1 + len(used(meshctl))


def test_csv_has_the_same_rows(meshctl: Meshctl, mixture: str) -> None:
    shown = meshctl("usage", "--by", "day", "-o", "csv")
    assert (shown.code, shown.err) == (0, "")
    table = list(csv.DictReader(shown.out.splitlines()))
    assert table == [
        {name: str(value) for name, value in row.items()} for row in used(meshctl, "--by", "day")
    ]


def test_texts_in_csv_are_quoted_and_never_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"scope": text, "net": -5} for text in ('a,"b"', "=1+1", "-x", "@y", "+z", "a=b")]
    say_csv(("scope", "net"), rows)
    out = capsys.readouterr().out
    read = list(csv.reader(out.splitlines()))
    assert read[0] == ["scope", "net"]
    assert [row[0] for row in read[1:]] == ['a,"b"', "'=1+1", "'-x", "'@y", "'+z", "a=b"]
    assert {row[1] for row in read[1:]} == {"-5"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE ledger_accounts SET credits_posted = credits_posted + 1", "add up to"),
        ("DELETE FROM ledger_entries WHERE payments != x'80'", "add up to"),
        ("UPDATE ledger_entries SET amount = amount - 1 WHERE credit_owner IS NOT NULL", "add up"),
    ],
)
def test_books_that_were_changed_are_not_reported(
    meshctl: Meshctl, home: Path, change: str, said: str
) -> None:
    verified(meshctl)
    with sqlite3.connect(home / "mesh.sqlite") as database:
        assert database.execute(change).rowcount > 0
    database.close()
    refused = meshctl("usage", "--member", "federation-2")
    assert (refused.code, said in refused.err, refused.out) == (8, True, "")
    assert "meshctl doctor" in refused.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--by", "mont"), 2, "did you mean month?"),
        (("--member", "nobody"), 3, "there is no member 'nobody'"),
        (("--type", "computer"), 2, "did you mean compute?"),
        (("--since", "yesterday"), 2, "no time"),
        (("-o", "cvs"), 2, "table, csv, json, jsonl, yaml"),
    ],
)
def test_wrong_question_is_refused(
    meshctl: Meshctl, words: tuple[str, ...], code: int, said: str
) -> None:
    refused = meshctl("usage", *words)
    assert (refused.code, said in refused.err) == (code, True), refused
