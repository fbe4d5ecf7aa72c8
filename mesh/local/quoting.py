"""The quote for a job: its price and the policy's verdict, without submitting it."""

from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.core.fields import NodeId
from mesh.local import bidding, submitting
from mesh.local.candidates import BUSY
from mesh.local.limits import check_limits
from mesh.local.request import JobRequest
from mesh.market import appraise
from mesh.records import Bid, Decline
from runtime.terminal.errors import CommandError

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


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


def quote(mesh: "LocalMesh", request: JobRequest) -> Quote:
    """Ask every node and the issuer's rules; nothing is stored."""
    world = mesh.world
    now = mesh.now
    with mesh.store.read() as tx:
        manifest, purse = submitting.prepare(
            tx, world, request, request.job_id or mesh.new_job_id(), now=now
        )
        refusal = submitting.check(tx, world, manifest, purse, now=now)
        busy = tx.jobs.in_phases(BUSY)
        found = []
        for member in world.members.nodes:
            state = bidding.node_state(tx, world, member, manifest, busy)
            answer = appraise(state, bidding.enquiry_of(world, manifest), now)
            found.append(_node_quote(member.node_id, state.location, answer))
        problem = None if refusal is None else submitting.problem_of(refusal, manifest)
        try:
            check_limits(tx, world.config, manifest.body, len(purse.chain))
        except CommandError as over:
            problem = problem or over
    return Quote(nodes=tuple(found), refusal=problem)


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
