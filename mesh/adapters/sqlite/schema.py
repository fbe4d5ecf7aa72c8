"""The tables of the one file that holds a mesh, and the marks by which we know it as ours.

Rule: tables are STRICT, integers are 63-bit, records are stored as the very bytes that were
signed. A change of the tables raises SCHEMA_VERSION.
"""

from typing import Final

APPLICATION_ID: Final = 0x49434E4D
"""`ICNM`: SQLite's own place for saying whose file it is."""
SCHEMA_VERSION: Final = 1

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
    resource_type TEXT NOT NULL,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    credits_posted INTEGER NOT NULL CHECK (credits_posted >= 0),
    debits_posted INTEGER NOT NULL CHECK (debits_posted >= 0),
    credits_pending INTEGER NOT NULL CHECK (credits_pending >= 0),
    debits_pending INTEGER NOT NULL CHECK (debits_pending >= 0),
    PRIMARY KEY (issuer, resource_type, owner, kind),
    CHECK (kind = 'issuance' OR credits_posted - debits_posted - debits_pending >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE transfers (
    id BLOB PRIMARY KEY,
    issuer TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    debit_owner TEXT NOT NULL,
    debit_kind TEXT NOT NULL,
    credit_owner TEXT NOT NULL,
    credit_kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    tokens BLOB NOT NULL,
    policy BLOB,
    subject TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_pending ON transfers (expires_at) WHERE state = 'pending';
CREATE TABLE token_uses (
    token BLOB PRIMARY KEY,
    drawn INTEGER NOT NULL CHECK (drawn >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE usages (
    policy BLOB NOT NULL,
    subject TEXT NOT NULL,
    committed INTEGER NOT NULL CHECK (committed >= 0),
    level INTEGER,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (policy, subject)
) STRICT, WITHOUT ROWID;
"""
