"""One record of each type that a verified job has not: profiles, refusals, transfers, faults."""

from typing import Any, Final

from sample_job import START, SampleJob, key
from sums_engine import ENGINE

from mesh.core.fields import NodeId
from mesh.core.membership.equivocation import fault_of
from mesh.core.records.jobs import Transfer, TransferItem
from mesh.core.records.market import Credential, Decline, DeclineReason, NodeProfile
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Answer, Revocation, Statement
from mesh.core.records.terms import Capability
from mesh.core.records.work import Anchor, GaveUp, GaveUpGround, Progress, WorkPhase
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType

PROFILE: Final = NodeProfile(
    node_id=NodeId("node"),
    sequence=1,
    location="DE",
    capabilities=(
        Capability(name="arch", text="x86_64", is_probed=True),
        Capability(name="gpu.count", amount=2),
    ),
    memory_bytes=8_589_934_592,
    cpu_cores=4,
    storage_bytes=1_000_000_000_000,
    rates={"compute": 800_000},
    surcharge_ppm=0,
    share_ppm=1_000_000,
    running_max=4,
    accepted_issuers=(),
    credentials=(),
    engine=ENGINE,
)


def more_records(job: SampleJob) -> tuple[Signed[Any], ...]:
    """Records of the sample's mesh, of the types that the sample lacks."""
    submitter, node = key("submitter"), key("node")

    def signed(name: str, body: Any) -> Signed[Any]:
        return sign(body, mesh=job.mesh, key=key(name))

    credential = Credential(subject=node.did, name="audited", expires_at=START + 1_000_000)
    revocation = Revocation(target=job.token.cid, reason="lost key", revoked_at=START + 9)
    transfer = Transfer(
        cause=job.manifest.cid,
        items=(
            TransferItem(position=0, to=node.did, resource_type=ResourceType.COMPUTE, amount=25),
        ),
    )
    statement = Statement(
        owner=submitter.did,
        sequence=1,
        balances={"compute": 999_600},
        held={"compute": 400},
        policies=(job.policy.cid,),
        usage={"compute": 400},
        issued_at=START + 2,
    )
    asked = signed("submitter", transfer)
    answer = Answer(
        request=asked.cid,
        accepted=False,
        reason="balance-too-low",
        detail="the account has too little available: 5",
        settlement=None,
        retry_after=None,
    )
    decline = Decline(
        job=job.manifest.cid,
        node_id=NodeId("node"),
        reason=DeclineReason.CAPACITY,
        detail="4 attempts run already",
    )
    progress = Progress(
        hold=job.hold.cid, sequence=1, phase=WorkPhase.RUNNING, fuel_estimate=1_000_000
    )
    gave_up = GaveUp(hold=job.hold.cid, ground=GaveUpGround.MACHINE, detail="a worker died")
    rival = signed("node", Anchor(receipt=job.hold.cid, parents=(), sequence=1))
    return (
        signed("node", PROFILE),
        signed("issuer", credential),
        signed("issuer", revocation),
        signed("node", decline),
        signed("node", progress),
        signed("node", gave_up),
        job.cancel,
        asked,
        signed("issuer", answer),
        signed("issuer", statement),
        signed("submitter", fault_of(job.anchor, rival)),
    )
