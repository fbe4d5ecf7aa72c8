"""The tables of the one file that holds a mesh, and the marks by which we know it as ours.

Rule: tables are STRICT, integers are 63-bit, records are stored as the very bytes that were
signed. A change of the tables, or of what is kept in them, raises SCHEMA_VERSION.
"""

from typing import Final

from msgspec import Struct

APPLICATION_ID: Final = 0x49434E4D
"""`ICNM`: SQLite's own place for saying whose file it is."""
SCHEMA_VERSION: Final = 9


class Schema(Struct, frozen=True, kw_only=True):
    """The statements that make the tables of a file, and the version by which they are known.

    One of the tables is `block_total`, of one row: every transaction reads it first.
    """

    version: int
    statements: tuple[str, ...]


TABLES: Final = """
CREATE TABLE blocks (
    cid BLOB PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE block_total (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO block_total VALUES (1, 0);
CREATE TABLE accounts (
    issuer TEXT NOT NULL,
    unit TEXT NOT NULL,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    credits_posted INTEGER NOT NULL CHECK (credits_posted >= 0),
    debits_posted INTEGER NOT NULL CHECK (debits_posted >= 0),
    debits_pending INTEGER NOT NULL CHECK (debits_pending >= 0),
    PRIMARY KEY (issuer, unit, owner, kind),
    CHECK (kind = 'issuance' OR credits_posted - debits_posted - debits_pending >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE transfers (
    id BLOB PRIMARY KEY,
    issuer TEXT NOT NULL,
    unit TEXT NOT NULL,
    debit_owner TEXT NOT NULL,
    debit_kind TEXT NOT NULL,
    credit_owner TEXT,
    credit_kind TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    tokens BLOB NOT NULL,
    policies BLOB NOT NULL,
    subject TEXT,
    payments BLOB NOT NULL,
    CHECK ((credit_owner IS NULL) = (credit_kind IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_pending ON transfers (expires_at) WHERE state = 'pending';
CREATE TABLE token_uses (
    token BLOB PRIMARY KEY,
    drawn INTEGER NOT NULL CHECK (drawn >= 0),
    set_aside INTEGER NOT NULL CHECK (set_aside >= 0),
    is_allocation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE usages (
    issuer TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    committed INTEGER NOT NULL CHECK (committed >= 0),
    buckets BLOB NOT NULL,
    PRIMARY KEY (issuer, resource_type, scope, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE policies (
    owner TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    cid BLOB NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    rule BLOB NOT NULL,
    PRIMARY KEY (owner, resource_type)
) STRICT, WITHOUT ROWID;
CREATE TABLE revocations (
    target BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    submitter TEXT NOT NULL,
    job_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    deadline INTEGER,
    job BLOB NOT NULL,
    UNIQUE (job_id, submitter)
) STRICT;
CREATE INDEX jobs_phase ON jobs (phase);
CREATE INDEX jobs_deadline ON jobs (deadline) WHERE deadline IS NOT NULL;
CREATE TABLE job_events (
    job INTEGER NOT NULL REFERENCES jobs (number),
    number INTEGER NOT NULL CHECK (number > 0),
    at INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE work (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    submitter TEXT NOT NULL,
    job_id TEXT NOT NULL,
    effect TEXT NOT NULL,
    actor TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    is_done INTEGER NOT NULL
) STRICT;
CREATE INDEX work_of_job ON work (job_id, submitter);
CREATE TABLE chains (
    kind TEXT NOT NULL,
    member TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    record BLOB NOT NULL,
    PRIMARY KEY (kind, member, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (
    member TEXT NOT NULL,
    kind TEXT NOT NULL,
    job BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (job, member, kind, attempt)
) STRICT, WITHOUT ROWID;
CREATE TABLE tallies (
    member TEXT NOT NULL,
    kind TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (member, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE observations (
    award BLOB NOT NULL,
    verifier TEXT NOT NULL,
    deterministic BLOB NOT NULL,
    PRIMARY KEY (award, verifier)
) STRICT, WITHOUT ROWID;
CREATE TABLE state_roots (
    owner TEXT PRIMARY KEY,
    root BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    key BLOB PRIMARY KEY,
    run BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""
SCHEMA: Final = Schema(
    version=SCHEMA_VERSION,
    statements=tuple(each for each in TABLES.split(";\n") if each.strip()),
)
