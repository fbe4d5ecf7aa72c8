"""Statements of issuers about this submitter, and the policies that they name, as read here."""

from mesh.actors.actor import ActorTransaction
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.rows import POLICIES, STATEMENTS
from mesh.core.records.settlement import Policy, Statement, usage_name
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.policy import Usage


def statement_of(book: JobBook, tx: ActorTransaction, issuer: Did) -> Statement | None:
    """The newest statement of an issuer that was read here."""
    row = tx.rows(STATEMENTS).get(issuer)
    return None if row is None else book.archive.get(tx.blocks, Statement, row.statement).body


def policies_in_force(
    book: JobBook, tx: ActorTransaction, issuer: Did, statement: Statement
) -> list[Signed[Policy]]:
    """The policies that a statement names, as far as they were read here."""
    known = {row.policy for row in tx.rows(POLICIES).select(issuer=issuer)}
    return [book.archive.get(tx.blocks, Policy, cid) for cid in statement.policies if cid in known]


def usage_under(statement: Statement, policy: Policy) -> Usage:
    """What the owner has committed under a policy, as far as a statement says it."""
    name = usage_name(policy.resource_type, policy.scope)
    return Usage(committed=statement.usage.get(name, 0))
