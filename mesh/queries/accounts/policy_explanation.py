"""The decision of the local issuer's policies on an amount, before anybody asks for it."""

from mesh.actors.issuer.rows import POLICIES
from mesh.core.ports.blocks import BlockError
from mesh.core.records.settlement import Policy
from mesh.core.settlement.books import USAGES
from mesh.queries.reader import Reader, missing_block
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError
from runtime.tokens.in_force import Explanation, PolicyInForce, applicable, explain
from runtime.tokens.policy import Usage
from runtime.tokens.token import ResourceType


def explain_policies(
    reader: Reader, resource_type: ResourceType, scope: str, subject: Did, amount: int
) -> Explanation:
    """What the issuer's policies say of an amount that `subject` would commit now. Raises
    CommandError."""
    rows = reader.view.rows(reader.issuer, POLICIES).select(resource_type=resource_type)
    found = applicable([_in_force(reader, row.policy) for row in rows], scope)
    usages = []
    for policy in found:
        row = reader.view.rows(reader.issuer, USAGES).get(resource_type, policy.scope, subject)
        usage = Usage() if row is None else Usage(committed=row.committed, buckets=row.buckets)
        usages.append((policy, usage))
    return explain(usages, subject=subject, amount=amount, now=reader.now)


def _in_force(reader: Reader, cid: Cid) -> PolicyInForce:
    blocks = reader.view.blocks(reader.issuer)
    try:
        found = reader.archive.find(blocks, Policy, cid)
    except (BlockError, RecordError):
        found = None
    if found is None:
        raise missing_block(cid, "Policy")
    body = found.body
    return PolicyInForce(cid=cid, scope=body.scope, version=body.edition, rule=body.rule)
