"""What `meshctl` refuses before it does anything, each with its name, place and next step."""

import json

import pytest
from meshcommand import Meshctl

DEEP = "[" * 5000 + "]" * 5000
ZERO_KEY = "did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"
"""A did:key of 32 bytes 0, which are not a point that anyone can sign with."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (DEEP, "nested too deeply"),
        ("[" * 5000, "--arguments:"),
        ("[" + "9" * 5000 + "]", "64 bits"),
        ("[" + "9" * 30 + "]", "64 bits"),
        ('["\\ud800"]', "--arguments:"),
        ("[NaN]", "--arguments:"),
    ],
)
def test_arguments_that_cannot_be_encoded(meshctl: Meshctl, given: str, said: str) -> None:
    words = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--arguments", given)
    refused = meshctl(*words, "-o", "json")
    assert refused.code == 2, refused
    problem = json.loads(refused.err)
    assert problem["code"] == "arguments-malformed"
    assert said in problem["message"]
    assert len(problem["message"]) < 300


@pytest.mark.parametrize("did", ["did:key:zzz", "did:key:z6Mk", "did:web:example.org", ZERO_KEY])
def test_a_did_without_a_usable_key(meshctl: Meshctl, did: str) -> None:
    before = meshctl("tokens", "balance", "-o", "json").out
    for words in (
        ("tokens", "issue", "--amount", "5", "--to", did),
        ("policy", "set", "permit-list", "--did", did),
    ):
        refused = meshctl(*words, "-o", "json")
        assert refused.code == 2, refused
        assert json.loads(refused.err)["code"] == "malformed-did"
        assert did in refused.err
    assert meshctl("tokens", "balance", "-o", "json").out == before
    assert json.loads(meshctl("policy", "show", "-o", "json").out) == []


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (("quota", "--limit", "10", "--did", "did:key:zzz"), "--did"),
        (("allow-all", "--limit", "10"), "--limit"),
        (("permit-list", "--burst", "1"), "--burst"),
        (("rate-limit", "--amount", "1", "--per-seconds", "1", "--limit", "0"), "--limit"),
    ],
)
def test_options_of_another_rule(meshctl: Meshctl, words: tuple[str, ...], unused: str) -> None:
    refused = meshctl("policy", "set", *words)
    assert refused.code == 2
    assert f"not {unused}" in refused.err
