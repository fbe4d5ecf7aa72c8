"""Policies in proofs: those under which the job was held, whatever was set since."""

from typing import Any

import pytest
from populated_home import Built
from whole_home import WholeHome

from mesh.actors.submitter.rows import JOBS
from mesh.core.proofs.check import verify_proof
from mesh.core.proofs.proof import Proof
from mesh.queries.upkeep.checks import whole_proof
from runtime.tokens.policy import PermitList, Rule
from runtime.tokens.token import ResourceType


def set_policy(home: WholeHome, rule: Rule) -> Any:
    issuer = home.actors.issuer
    return home.command(
        issuer,
        lambda tx, now: issuer.set_policy(
            tx, resource_type=ResourceType.COMPUTE, scope="", rule=rule, now=now
        ),
    )


def proof_of(home: WholeHome, whole: Built, name: str) -> Proof:
    with home.store.view() as view:
        reader = home.reader(view)
        row = reader.rows(JOBS).get(whole.jobs[name])
        assert row is not None
        proof = whole_proof(reader, row)
        checked = verify_proof(proof, mesh=home.archive.mesh, reexecute=None, now=home.wall)
        assert checked.findings == ()
        return proof


@pytest.mark.parametrize("seconds", [0, 5])
def test_proof_has_the_policy_that_was_in_force_at_the_hold(
    home: WholeHome, whole: Built, seconds: int
) -> None:
    """Also where nobody may commit anything any more."""
    before = proof_of(home, whole, "mint").policies
    assert sorted(each.body.edition for each in before) == [1, 2], "of climate's and of all work"
    home.later(seconds)
    set_policy(home, PermitList(dids=()))
    home.later(5)
    after = proof_of(home, whole, "mint").policies
    assert sorted(each.body.edition for each in after) == [1, 2]
    assert proof_of(home, whole, "sum").policies == ()
    assert home.audit() == ()
