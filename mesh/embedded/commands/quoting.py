"""The quote for a job: its price and the policies' verdict, without submitting it."""

from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.actors.node.bidding import appraised
from mesh.actors.submitter.submission import SubmissionRefusal
from mesh.core.fields import NodeId
from mesh.core.jobs.request import JobRequest
from mesh.core.records.market import Bid, Decline
from mesh.core.records.registry import sign
from mesh.embedded.commands.refusals import submission_refused
from runtime.terminal.errors import CommandError

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh


class NodeQuote(Struct, frozen=True, kw_only=True):
    """What one node would answer: a price and seconds, or why it would not bid."""

    node_id: NodeId
    location: str
    price: int | None
    estimated_seconds: int | None
    declined: str | None


class Quote(Struct, frozen=True, kw_only=True):
    """refusal: why the submission would be refused, None if it would not."""

    nodes: tuple[NodeQuote, ...]
    refusal: CommandError | None


def quote(mesh: "EmbeddedMesh", request: JobRequest) -> Quote:
    """Ask every node and the issuer's rules; nothing is stored."""
    mesh.measure()
    now = mesh.clock()
    actors = mesh.actors
    submitter = actors.submitter
    found = []
    with mesh.store.view() as view:
        prepared = submitter.check(view.rehearsal(submitter.did, now), request, now)
        if isinstance(prepared, SubmissionRefusal):
            refused = submission_refused(prepared, request, submitter.did)
            return Quote(nodes=(), refusal=refused)
        manifest = sign(prepared, mesh=mesh.members.mesh, key=submitter.key)
        for node in actors.nodes:
            tx = view.rehearsal(node.did, now)
            settings = node.settings(tx)
            answer = appraised(node, tx, manifest, now)
            found.append(_node_quote(settings.node_id, settings.location, answer))
    return Quote(nodes=tuple(found), refusal=None)


def _node_quote(node_id: NodeId, location: str, answer: Bid | Decline) -> NodeQuote:
    match answer:
        case Bid():
            return NodeQuote(
                node_id=node_id,
                location=location,
                price=answer.price,
                estimated_seconds=answer.estimated_seconds,
                declined=None,
            )
        case Decline():
            return NodeQuote(
                node_id=node_id,
                location=location,
                price=None,
                estimated_seconds=None,
                declined=f"{answer.reason.value}: {answer.detail}",
            )
