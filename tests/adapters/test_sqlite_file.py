"""The SQLite file and the blocks in it: what is refused, and that it is refused by name."""

import sqlite3
from pathlib import Path

import pytest
from meshfolk import START, key

from mesh.adapters.sqlite.blocks import SqliteBlocks
from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION
from mesh.adapters.sqlite.store import SqliteStore
from mesh.core.ids import new_job_id
from mesh.core.ports.blocks import BlockError, BlockFault
from mesh.events import JobKey
from mesh.job import Effect
from mesh.ports import ChainKind, Head, Work
from mesh.reputation import Evidence, Tally
from runtime.content.cid import Codec, cid_of
from runtime.terminal.errors import CommandError
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.ledger import Change
from runtime.tokens.policy import PermitList
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import Account, AccountKey, TokenUse


def problem_of(path: Path) -> CommandError:
    with pytest.raises(CommandError) as caught:
        Database(path, SCHEMA).close()
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_new_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    Database(path, SCHEMA).close()
    database = Database(path, SCHEMA)
    assert database.check() == ()
    assert database.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    database.close()


@pytest.mark.parametrize(
    ("version", "code"), [(SCHEMA_VERSION + 1, "store-newer"), (0, "store-older")]
)
def test_another_schema_version_is_refused(tmp_path: Path, version: int, code: str) -> None:
    path = tmp_path / "mesh.sqlite"
    Database(path, SCHEMA).close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {version}")
    other.close()
    assert problem_of(path).code == code


def test_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    assert problem_of(path).code == "store-foreign"
    assert path.read_bytes() == before


def test_file_that_is_not_a_database_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    path.write_bytes(b"not a database at all, but long enough to have a header" * 40)
    assert problem_of(path).code == "store-corrupt"


def test_damaged_file_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    database = Database(path, SCHEMA)
    blocks = SqliteBlocks(database, quota_bytes=1 << 30)
    for index in range(200):
        data = bytes([index]) * 3000
        blocks.put(cid_of(data, Codec.RAW), data)
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    whole = bytearray(path.read_bytes())
    whole[200_000:400_000] = b"\x5a" * 200_000
    path.write_bytes(bytes(whole))
    database = Database(path, SCHEMA)
    assert database.check() != ()
    database.close()


def test_directory_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    path.mkdir()
    assert problem_of(path).code == "store-unusable"


def test_file_says_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    Database(path, SCHEMA).close()
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    other.close()


def open_store(tmp_path: Path, quota_bytes: int = 1 << 20) -> SqliteStore:
    return SqliteStore(tmp_path / "mesh.sqlite", quota_bytes=quota_bytes)


def test_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    data = b"kept or not"
    cid = cid_of(data, Codec.RAW)
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.blocks.put(cid, data)
        raise RuntimeError
    with store.read() as tx:
        assert tx.blocks.get(cid) is None
        assert tx.blocks.total_bytes() == 0
    store.close()


def test_two_writers_do_not_overlap(tmp_path: Path) -> None:
    one, two = open_store(tmp_path), open_store(tmp_path)
    two.database.connection.execute("PRAGMA busy_timeout = 0")
    with one.write() as tx:
        tx.settings.put("whose", "one")
        with pytest.raises(CommandError) as caught, two.write():
            pass
        assert caught.value.code == "store-busy"
    with two.write() as tx:
        assert tx.settings.get("whose") == "one"
    one.close()
    two.close()


def test_reader_sees_one_moment(tmp_path: Path) -> None:
    one, two = open_store(tmp_path), open_store(tmp_path)
    with one.read() as before:
        with two.write() as tx:
            tx.settings.put("whose", "two")
        assert before.settings.get("whose") is None
    with one.read() as after:
        assert after.settings.get("whose") == "two"
    one.close()
    two.close()


def test_block_damaged_on_disk_is_never_given_out(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    data = b"the true bytes"
    cid = cid_of(data, Codec.RAW)
    with store.write() as tx:
        tx.blocks.put(cid, data)
    store.database.connection.execute("UPDATE blocks SET data = ?", (b"other bytes",))
    with store.read() as tx, pytest.raises(BlockError) as caught:
        tx.blocks.get(cid)
    assert caught.value.fault is BlockFault.TAMPERED
    store.close()


def test_quota_counts_each_block_once(tmp_path: Path) -> None:
    store = open_store(tmp_path, quota_bytes=1000)
    first, second = b"a" * 600, b"b" * 600
    with store.write() as tx:
        tx.blocks.put(cid_of(first, Codec.RAW), first)
        tx.blocks.put(cid_of(first, Codec.RAW), first)
        with pytest.raises(BlockError) as caught:
            tx.blocks.put(cid_of(second, Codec.RAW), second)
        assert caught.value.fault is BlockFault.QUOTA
        assert tx.blocks.get(cid_of(second, Codec.RAW)) is None
        assert tx.blocks.delete(cid_of(first, Codec.RAW))
        assert tx.blocks.total_bytes() == 0
        tx.blocks.put(cid_of(second, Codec.RAW), second)
    store.close()


def test_write_of_another_process_is_seen(tmp_path: Path) -> None:
    """Rows are kept in memory, but never longer than they are true."""
    one, two = open_store(tmp_path), open_store(tmp_path)
    member = key("alice").did
    account = AccountKey(issuer=key("issuer").did, unit=ResourceType.COMPUTE, owner=member)
    award = cid_of(b"award", Codec.RAW)
    job = JobKey(submitter=member, job_id=new_job_id(START * 1000, bytes(10)))
    work = Work(id="w", job=job, effect=Effect.SUBMIT, actor=member, attempt=0)
    head = Head(sequence=1, record=award)
    policy = PolicyInForce(cid=award, rule=PermitList(dids=(member,)))
    with one.write() as tx:
        assert tx.ledger.account(account) == Account(key=account)
        assert tx.ledger.policy(member, ResourceType.COMPUTE) is None
        assert not tx.ledger.is_revoked(award) and tx.ledger.token_use(award).drawn == 0
        assert tx.chains.head(ChainKind.ANCHORS, member) is None
        assert tx.evidence.tally(member).is_empty
        assert tx.work.pending(job) == () and tx.jobs.get(job) is None
        assert tx.settings.names("token/") == ()
    with two.write() as tx:
        tx.ledger.apply(
            Change(
                accounts=(Account(key=account, credits_posted=5),),
                token_uses=(TokenUse(token=award, drawn=3),),
            )
        )
        tx.ledger.set_policy(member, ResourceType.COMPUTE, policy)
        tx.ledger.revoke(award)
        assert tx.chains.advance(ChainKind.ANCHORS, member, head)
        tx.evidence.add(member, Evidence.VERIFIED, award, 1)
        tx.work.put(work)
        tx.settings.put("token/a", award)
    with one.write() as tx:
        assert tx.ledger.account(account).available == 5
        assert tx.ledger.token_use(award).drawn == 3
        assert tx.ledger.policy(member, ResourceType.COMPUTE) == policy
        assert tx.ledger.is_revoked(award)
        assert tx.chains.head(ChainKind.ANCHORS, member) == head
        assert tx.evidence.tally(member) == Tally(verified=1)
        assert tx.work.pending(job) == (work,)
        assert tx.settings.names("token/") == ("token/a",)
        tx.work.done("w")
    with two.write() as tx:
        tx.work.put(work)
        assert tx.work.pending(job) == ()
    one.close()
    two.close()


def test_changes_of_an_abandoned_transaction_are_forgotten(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    member = key("alice").did
    account = AccountKey(issuer=key("issuer").did, unit=ResourceType.COMPUTE, owner=member)
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.ledger.apply(Change(accounts=(Account(key=account, credits_posted=5),)))
        assert tx.ledger.account(account).available == 5
        assert tx.ledger.accounts_of(member) == (Account(key=account, credits_posted=5),)
        raise RuntimeError
    with store.read() as tx:
        assert tx.ledger.account(account) == Account(key=account)
        assert tx.ledger.accounts_of(member) == ()
    store.close()


def test_file_refuses_an_overdrawn_account_and_keeps_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    account = AccountKey(
        issuer=key("issuer").did, unit=ResourceType.COMPUTE, owner=key("alice").did
    )
    with pytest.raises(sqlite3.IntegrityError), store.write() as tx:
        tx.ledger.revoke(cid_of(b"token", Codec.RAW))
        tx.ledger.apply(Change(accounts=(Account(key=account, debits_posted=1),)))
    with store.read() as tx:
        assert tx.ledger.accounts() == ()
        assert not tx.ledger.is_revoked(cid_of(b"token", Codec.RAW))
    store.close()
