"""Policies of `meshctl`: amendments and compositions."""

import json

from meshcommand import Meshctl, submitted


def spend(meshctl: Meshctl) -> None:
    """Spend 16 units: the price of a job of 100 at mesh-node-2."""
    job = submitted(meshctl, amount="100")
    assert meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2").code == 0


def test_amended_policy_keeps_what_was_committed(meshctl: Meshctl) -> None:
    assert meshctl("policy", "set", "quota", "--limit", "100").code == 0
    spend(meshctl)
    for limit in ("99", "100"):
        assert meshctl("policy", "set", "quota", "--limit", limit).code == 0
        shown = json.loads(meshctl("policy", "show", "-o", "json").out)["policies"]
        assert shown[0]["committed"] == 16
    denied = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "85")
    assert denied.code == 5
    assert "84 units allowed now" in denied.err
