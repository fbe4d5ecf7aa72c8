"""Tokens of `meshctl`: scopes, allocations, delegation, revocation."""

import json
from pathlib import Path
from shutil import copytree

import pytest
from meshcommand import Meshctl, Result, submitted

OTHER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def tokens(meshctl: Meshctl) -> dict[str, dict[str, object]]:
    answer = json.loads(meshctl("tokens", "balance", "-o", "json").out)
    return {each["token"]: each for each in answer["tokens"]}


def submit(meshctl: Meshctl, amount: str, *words: str) -> Result:
    given = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", amount)
    return meshctl(*given, *words)


def run(meshctl: Meshctl, amount: str, *words: str) -> None:
    job = submitted(meshctl, *words, amount=amount)
    assert meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2").code == 0


@pytest.fixture
def care(meshctl: Meshctl) -> str:
    """A part of the first token, set aside for care."""
    return meshctl("tokens", "allocate", "care", "100", "-q").out.strip()


def test_scoped_token_leaves_other_submissions_alone(meshctl: Meshctl) -> None:
    for _ in range(3):
        assert meshctl("tokens", "issue", "--amount", "900", "--scope", "care").code == 0
    assert submit(meshctl, "50").code == 0


def test_allocation_is_spent_by_its_scope_alone(meshctl: Meshctl, care: str) -> None:
    (root,) = set(tokens(meshctl)) - {care}
    assert tokens(meshctl)[root]["remaining"] == 999_900
    run(meshctl, "100", "--scope", "care/homes")
    run(meshctl, "100")
    left = tokens(meshctl)
    assert (left[care]["remaining"], left[root]["remaining"]) == (86, 999_886)
    assert (left[care]["scope"], left[care]["state"]) == ("care", "usable")
    drawn = json.loads(meshctl("tokens", "history", care[-6:], "-o", "json").out)["draws"]
    assert [(each["amount"], each["paid"], each["state"]) for each in drawn] == [(16, 14, "posted")]
    assert len(json.loads(meshctl("tokens", "history", root, "-o", "json").out)["draws"]) == 1


def test_balance_shows_the_scope_of_each_token(meshctl: Meshctl, care: str) -> None:
    rows = meshctl("tokens", "balance").out.splitlines()
    title = next(row for row in rows if row.endswith("Token"))
    place = title.index("Scope")
    scopes = {row.split()[-1]: row[place:].split()[0] for row in rows[rows.index(title) + 1 :]}
    assert scopes.pop(care) == "care"
    assert set(scopes.values()) == {"-"}


def test_nothing_is_set_aside_for_no_work(meshctl: Meshctl) -> None:
    before = tokens(meshctl)
    refused = meshctl("tokens", "allocate", "", "100")
    assert (refused.code, "SCOPE is empty" in refused.err) == (2, True)
    assert tokens(meshctl) == before


def test_token_whose_file_cannot_be_written_is_not_handed_on(meshctl: Meshctl) -> None:
    before = tokens(meshctl)
    words = ("tokens", "delegate", "--to", OTHER, "--amount", "40", "--output")
    assert meshctl(*words, "none/token.car").code == 2
    assert meshctl(*words, "-", "-o", "json").code == 2
    assert tokens(meshctl) == before


def test_amount_that_no_token_grants_is_named_with_what_would_grant_it(meshctl: Meshctl) -> None:
    refused = submit(meshctl, "1500000")
    assert (refused.code, "(1500000 asked for)" in refused.err) == (5, True)
    assert "meshctl tokens issue --amount 1500000" in refused.err
    assert meshctl("tokens", "issue", "--amount", "1500000").code == 0
    assert submit(meshctl, "1500000").code == 0


def test_revoked_allocation_goes_back_to_its_parent(meshctl: Meshctl, care: str) -> None:
    run(meshctl, "100", "--scope", "care")
    assert meshctl("tokens", "revoke", care).code == 0
    assert tokens(meshctl)[care]["state"] == "revoked"
    (root,) = set(tokens(meshctl)) - {care}
    assert tokens(meshctl)[root]["remaining"] == 999_986
    assert submit(meshctl, "50", "--scope", "care").code == 0
    named = submit(meshctl, "50", "--scope", "care", "--token", care)
    assert (named.code, "the token was revoked" in named.err) == (5, True)


def test_more_than_is_left_is_not_set_aside(meshctl: Meshctl) -> None:
    refused = meshctl("tokens", "allocate", "care", "1000001")
    assert (refused.code, "1000000 left" in refused.err) == (5, True)
    assert meshctl("tokens", "allocate", "care", "600000").code == 0
    refused = meshctl("tokens", "allocate", "youth", "500000")
    assert (refused.code, "400000 left" in refused.err) == (5, True)


def test_delegated_token_is_anothers(meshctl: Meshctl, tmp_path: Path) -> None:
    words = ("tokens", "delegate", "--to", OTHER, "--amount", "40", "--output", "token.car")
    token = meshctl(*words, "-q").out.strip()
    assert tokens(meshctl)[token]["state"] == "foreign"
    refused = meshctl("tokens", "receive", "token.car")
    assert (refused.code, "made out to another member" in refused.err) == (4, True)
    data = (tmp_path / "token.car").read_bytes()
    (tmp_path / "token.car").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert meshctl("tokens", "receive", "token.car").code == 2


def test_received_token_pays(
    meshctl: Meshctl, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    did = json.loads(meshctl("identity", "show", "-o", "json").out)["did"]
    copytree(home, tmp_path / "other")
    words = ("tokens", "delegate", "--to", did, "--amount", "40", "--scope", "care")
    token = meshctl(*words, "--output", "token.car", "-q").out.strip()
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "other"))
    assert token not in tokens(meshctl)
    assert meshctl("tokens", "receive", "token.car", "-q").out.strip() == token
    assert meshctl("tokens", "receive", "token.car").code == 0
    run(meshctl, "40", "--scope", "care")
    assert tokens(meshctl)[token]["remaining"] == 34


def test_token_of_another_mesh_is_not_received(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("tokens", "delegate", "--to", OTHER, "--amount", "40", "--output", "token.car")
    assert meshctl(*words).code == 0
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "new"))
    assert meshctl("list-nodes").code == 0
    refused = meshctl("tokens", "receive", "token.car")
    assert (refused.code, "not one of this mesh" in refused.err) == (4, True)


@pytest.mark.parametrize(("text", "code"), [("zz", 2), ("zzzzzz", 3), ("bafyr4", 2)])
def test_token_is_named_by_a_part_of_its_cid(meshctl: Meshctl, text: str, code: int) -> None:
    assert meshctl("tokens", "issue", "--amount", "5").code == 0
    assert meshctl("tokens", "history", text).code == code


def test_token_that_pays_is_named_by_a_part_of_its_cid(
    meshctl: Meshctl, tmp_path: Path, care: str
) -> None:
    assert submit(meshctl, "50", "--scope", "care", "--token", care[-6:]).code == 0
    stranger = "bafyr4icpyiq6t6tnp743yjgbusy63ofguliumqy5bsvg6vkyptkxglcsaa"
    (tmp_path / "job.yaml").write_text(
        f"module: echo.wasm\nresource_amount: 5\ntoken: {stranger}\n"
    )
    delegate = ("tokens", "delegate", "--to", OTHER, "--amount", "5", "--output", "token.car")
    for unknown in (
        submit(meshctl, "50", "--token", stranger),
        meshctl("submit-job", "--file", "job.yaml"),
        meshctl(*delegate, "--token", stranger),
    ):
        assert (unknown.code, "`meshctl tokens balance` lists them" in unknown.err) == (3, True)
