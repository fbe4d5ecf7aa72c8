"""Policies of `meshctl`: amendments and compositions."""

import json

from meshcommand import Meshctl, submitted


def spend(meshctl: Meshctl) -> None:
    """Spend 14 units: the price of 16, of which two do not make a unit for each verifier."""
    job = submitted(meshctl, amount="100")
    assert meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2").code == 0


def test_amended_policy_keeps_what_was_committed(meshctl: Meshctl) -> None:
    assert meshctl("policy", "set", "quota", "--limit", "100").code == 0
    spend(meshctl)
    for limit in ("99", "100"):
        assert meshctl("policy", "set", "quota", "--limit", limit).code == 0
        shown = json.loads(meshctl("policy", "show", "-o", "json").out)["policies"]
        assert shown[0]["committed"] == 14
    denied = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "87")
    assert denied.code == 5
    assert "86 units allowed now" in denied.err


def test_rule_in_words_is_set_as_it_is_shown(meshctl: Meshctl) -> None:
    text = "all of (quota 100 each; any of (nobody; 10 per 60 s, at most 50 at once))"
    assert meshctl("policy", "set", text).code == 0
    shown = json.loads(meshctl("policy", "show", "-o", "json").out)["policies"]
    assert (shown[0]["text"], shown[0]["kind"]) == (text, "AllOf")
    denied = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "51")
    assert (denied.code, "50 units allowed now" in denied.err) == (5, True)


def test_rule_in_words_is_refused_with_its_column(meshctl: Meshctl) -> None:
    refused = meshctl("policy", "set", "all of (quota 100; quoat 3)")
    assert refused.code == 2
    assert "column 20: expected a rule: allow all" in refused.err
    refused = meshctl("policy", "set", "quota 100 each", "--limit", "3")
    assert refused.code == 2
    assert "a rule in words takes no options, not --limit" in refused.err


def test_explanation_says_which_rule_decides(meshctl: Meshctl) -> None:
    assert meshctl("policy", "set", "quota", "--limit", "500").code == 0
    spend(meshctl)
    assert meshctl("policy", "set", "all of (quota 100 each; allow all)").code == 0
    said = meshctl("policy", "explain", "--amount", "87")
    assert said.code == 0
    assert said.out.splitlines()[-1].endswith(
        " by version 2 of the policy for all work, all[1]: "
        "the quota leaves less than the amount asked for (86 units allowed now)"
    )
    answer = json.loads(meshctl("policy", "explain", "--amount", "86", "-o", "json").out)
    assert answer["allowed"] and [row["part"] for row in answer["rules"]] == [
        "",
        "all[1]",
        "all[2]",
    ]
    deciding = answer["deciding"]
    assert (deciding["part"], deciding["counted"], deciding["available"]) == ("all[1]", 14, 86)
    assert (deciding["version"], deciding["text"]) == (2, "quota 100 each")
    other = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    answer = meshctl("policy", "explain", "--amount", "100", "--subject", other, "-q")
    assert answer.out == "allowed\n"


def test_explanation_without_a_policy_says_so(meshctl: Meshctl) -> None:
    assert meshctl("tokens", "issue", "--amount", "9").code == 0
    assert "no policy applies" in meshctl("policy", "explain", "--amount", "5").out


def test_policy_of_a_scope_counts_what_is_within_it_alone(meshctl: Meshctl) -> None:
    assert meshctl("policy", "set", "quota", "--limit", "500").code == 0
    done = meshctl("policy", "set", "quota", "--limit", "100", "--scope", "care")
    assert done.out.startswith("compute/care: quota 100 each\n")
    for scope in ("", "care/homes"):
        job = submitted(meshctl, "--scope", scope, amount="100")
        assert meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2").code == 0
    shown = json.loads(meshctl("policy", "show", "-o", "json").out)["policies"]
    assert [(each["scope"], each["committed"]) for each in shown] == [("", 28), ("care", 14)]
    asked = ("submit-job", "--wasm", "echo.wasm", "--resource-amount")
    assert meshctl(*asked, "86", "--scope", "care").code == 0
    denied = meshctl(*asked, "87", "--scope", "care/homes")
    assert (denied.code, "86 units allowed now" in denied.err) == (5, True)
    assert meshctl(*asked, "87", "--scope", "youth").code == 0
    explained = meshctl("policy", "explain", "--amount", "87", "--scope", "care")
    assert "by version 1 of the policy for care" in explained.out
    assert meshctl("policy", "set", "allow-all", "--scope", "x" * 257).code == 2
