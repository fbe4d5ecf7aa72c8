"""The way of each record: who signs it, to whom it goes with what, and what a receiver checks.

Rule: a test compares the receivers with the tables of the actors.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from mesh.core.records.jobs import Award, Cancel, JobManifest, Transfer
from mesh.core.records.market import Bid, Credential, Decline, NodeProfile
from mesh.core.records.membership import Endorsement, Fault, Genesis, Membership
from mesh.core.records.settlement import Answer, Policy, Revocation, Settlement, Statement
from mesh.core.records.work import (
    Anchor,
    Attestation,
    Draw,
    GaveUp,
    Hold,
    Opening,
    Progress,
    Receipt,
    Seal,
)
from runtime.tokens.token import ResourceToken


class Route(Struct, frozen=True, kw_only=True):
    """signers, receivers: roles. attached: blocks that come with it. again: until when it is sent
    again. checks: of a receiver, besides signature, mesh, size and role."""

    signers: str
    receivers: tuple[str, ...]
    attached: str = ""
    again: str = ""
    checks: str


ALL: Final = ("submitter", "node", "verifier", "issuer")
TERMS: Final = (
    "manifest, bid, award, context and hold belong together: each names the other by CID; price, "
    "units, pot, fuel limit, `max_seconds` and context follow from them"
)

ROUTES: Final[Mapping[type[Any], Route]] = {
    Genesis: Route(
        signers="a founder",
        receivers=(),
        checks="nothing: whoever trusts a mesh names it by the CID of this record",
    ),
    Membership: Route(
        signers="anyone",
        receivers=ALL,
        attached="Endorsements",
        checks="it follows the newest list, and `threshold` of that one's founders endorse it; no "
        "key and no name is in it twice. Where another one of its number counts as well, the "
        "founders who endorsed both are accused, and the list before the fork is in force again",
    ),
    Endorsement: Route(
        signers="a founder",
        receivers=(),
        checks="it is attached to the Membership that it endorses",
    ),
    NodeProfile: Route(
        signers="node, verifier",
        receivers=("submitter", "issuer"),
        attached="Credentials that it names",
        again="on each change, and every 20 s where presence counts",
        checks="its sequence is above that of the one known; by a submitter: `node_id` is its "
        "signer's name in the list of members",
    ),
    Credential: Route(
        signers="issuer",
        receivers=("submitter", "node", "verifier"),
        checks="its subject is the receiver, or shows it with its profile or bid",
    ),
    ResourceToken: Route(
        signers="issuer; holder of the parent",
        receivers=("submitter", "issuer"),
        attached="its parents; from the issuer a Statement, to it the newest one",
        checks="the chain up to the issuer: each link is signed by the holder of its parent, and "
        "grants no more, no wider and no longer",
    ),
    Policy: Route(
        signers="issuer",
        receivers=("submitter",),
        checks="its edition is above that of the one known",
    ),
    Revocation: Route(
        signers="signer of the target",
        receivers=ALL,
        attached="the target; to an issuer the parents of the token, and its newest Statement",
        again="until Answer of the issuer",
        checks="its signer signed the target; by an issuer: that is a token of its own issue, as "
        "such checked; by others: it was made out to the receiver",
    ),
    JobManifest: Route(
        signers="submitter",
        receivers=("node",),
        again="until that node's Bid or Decline",
        checks="the node can and may do it: see the reasons of a Decline",
    ),
    Bid: Route(
        signers="node",
        receivers=("submitter",),
        attached="Credentials that it names; to a delegate, from the submitter: manifest, context, "
        "tokens, manifests of all parents, holds and settlements of lost attempts",
        again="to a delegate: until the Hold",
        checks="the node was asked for this job in this round, in time, and answers once; "
        "`node_id` is its signer's name in the list of members; by a "
        "delegate: the manifest names it and an issuer of the mesh, the context follows from "
        "manifest and bid, all that comes with it has at most 128 KiB, and of one submitter at "
        "most 1 024 bids are kept",
    ),
    Decline: Route(
        signers="node",
        receivers=("submitter",),
        checks="as of a Bid",
    ),
    Award: Route(
        signers="submitter, or the manifest's `award_delegate`",
        receivers=("issuer",),
        attached="manifest, bid, context, tokens from the leaf on; manifests of all parents; the "
        "newest Statement",
        again="until Settlement of its hold, or an Answer that refuses; a delegate's also by the "
        "submitter, once it has the Hold",
        checks="the ladder of refusals of an award, below; a repeat gets the stored Hold",
    ),
    Hold: Route(
        signers="issuer",
        receivers=("submitter", "node"),
        attached="award, manifest, bid, context, eligible list; to the submitter also Statement",
        again="until the executor's Progress, GaveUp, Seal or Receipt",
        checks="its signer was an issuer at `issued_at` and, by a node, has not ceased to be one "
        f"more than 600 s ago; {TERMS}; all who may be drawn are "
        "verifiers, and none is excluded by manifest or bid",
    ),
    Progress: Route(
        signers="executor, drawn verifier",
        receivers=("submitter", "issuer"),
        checks="its signer takes part in the hold, and its sequence is above the last one",
    ),
    GaveUp: Route(
        signers="executor",
        receivers=("issuer",),
        attached="Hold",
        again="until Settlement or Answer",
        checks="the hold is open, and no result of the executor is stored",
    ),
    Receipt: Route(
        signers="executor",
        receivers=("submitter", "issuer"),
        attached="Anchor, result, Hold; where results are sealed, the Opening",
        again="until Settlement or Answer",
        checks="the executor of the hold signed it; job, award, context, module, engine, usage, "
        "fuel and times follow from the terms; where results are sealed, it opens the seal",
    ),
    Anchor: Route(
        signers="executor",
        receivers=("node",),
        checks="its signer is a node; its sequence is above that of the end of its chain that is "
        "known; of the receiver's own chain, it is stored",
    ),
    Seal: Route(
        signers="executor, drawn verifier",
        receivers=("issuer",),
        attached="Hold; from a verifier also the Draw",
        again="until Opening, Settlement or Answer",
        checks="results are sealed in this mesh; its signer takes part, and has not sealed before",
    ),
    Draw: Route(
        signers="issuer",
        receivers=("submitter", "node", "verifier"),
        attached="all of the Hold; the draw before; where results are sealed, the executor's Seal",
        again="until Progress, Seal or Attestation of each verifier",
        checks="the issuer of the hold signed it and, by a verifier, has not ceased to be one "
        f"more than 600 s ago; {TERMS}; the secret is the one committed to; "
        "the verifiers are those that rank first, of the executor's first record",
    ),
    Opening: Route(
        signers="issuer",
        receivers=("node", "verifier"),
        attached="draws, seals",
        again="until Receipt or Attestation of each",
        checks="the issuer of the hold signed it, and it lists the receiver's own seal",
    ),
    Attestation: Route(
        signers="drawn verifier",
        receivers=("submitter", "issuer"),
        attached="result, Hold, Draw; where results are sealed, the Opening",
        again="until Settlement or Answer",
        checks="its signer was drawn and attests once; where results are sealed, an Opening lists "
        "its seal, and the nonce opens it",
    ),
    Settlement: Route(
        signers="issuer",
        receivers=ALL,
        attached="all records that it names, results, seals; where a job above was withdrawn, the "
        "manifests up to it; to the submitter also Statement",
        again="once more for each repeat of a request about its hold",
        checks="the issuer of the hold signed it; ground and payments follow from the records that "
        "it names: draws, seals, attestations and quorum are computed again",
    ),
    Cancel: Route(
        signers="submitter",
        receivers=("issuer",),
        attached="manifest; the newest Statement",
        again="until Settlement or Answer",
        checks="the manifest's signer signed it, who is a submitter; no result is stored",
    ),
    Transfer: Route(
        signers="owner of the units",
        receivers=("issuer",),
        attached="the newest Statement",
        again="until Answer",
        checks="its signer is a submitter; no other transfer has its cause; each position occurs "
        "once; the units are available",
    ),
    Answer: Route(
        signers="issuer",
        receivers=("submitter", "node", "verifier"),
        attached="Statement, where it is for the owner",
        checks="the request is the receiver's own, and the issuer asked signed it",
    ),
    Statement: Route(
        signers="issuer",
        receivers=("submitter",),
        attached="the Policies in force; it goes with each answer, and where others have changed "
        "the receiver's accounts",
        checks="it is about the receiver, and its sequence is above that of the one known",
    ),
    Fault: Route(
        signers="anyone",
        receivers=("submitter",),
        attached="its evidence",
        checks="the accused is a member, of whom 16 faults are kept; the evidence proves it, "
        "whoever signed it (a wrong result is proved by executing again, which `meshctl verify` "
        "does and no receiver of a message)",
    ),
}
