"""Outputs of `cclc compile --emit`: the tree, the charter, the signatures."""

from pathlib import Path

import pytest
from commands import run
from syrupy.assertion import SnapshotAssertion

SOURCE = """\
/// The bylaws.
title: "Bylaws";
resources { compute: 1000; memory 2GiB; }
quorum 50%;
if member.age >= 18 {
  status "eligible";
} else {
  status "waiting";
}
struct Share { owner: String, parts: [Integer] }
enum Vote { Yes, No(String) }

/// The sum of `shares`.
export fn total(shares: Array<Share>, vote: Vote) -> Integer {
  let sum = 0;
  for share in shares {
    sum += share.parts[0] * 2 + 1;
  }
  match vote {
    Vote::Yes => sum,
    Vote::No(_) => -1,
  }
}
"""


@pytest.mark.parametrize("view", ["ast", "charter", "abi"])
def test_views(view: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "bylaws.ccl").write_text(SOURCE, encoding="utf-8")
    done = run("cclc", "compile", "bylaws.ccl", "--emit", view, home=tmp_path, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert f"{SOURCE}\n--- {view}\n{done.out}" == snapshot


def test_view_goes_where_it_is_sent(tmp_path: Path) -> None:
    arguments = ("--emit", "abi", "-o", "abi.json")
    done = run(
        "cclc", "compile", "-", *arguments, home=tmp_path, cwd=tmp_path, stdin=SOURCE.encode()
    )
    assert (done.code, done.out, done.err) == (0, "", "")
    assert '"total"' in (tmp_path / "abi.json").read_text(encoding="utf-8")


def test_tree_needs_no_types_and_the_others_do(tmp_path: Path) -> None:
    (tmp_path / "a.ccl").write_text("execution { unknown }", encoding="utf-8")
    tree = run("cclc", "compile", "a.ccl", "--emit", "ast", home=tmp_path, cwd=tmp_path)
    assert (tree.code, tree.err) == (0, "")
    assert 'value: Name 1:13 text="unknown"' in tree.out
    abi = run("cclc", "compile", "a.ccl", "--emit", "abi", home=tmp_path, cwd=tmp_path)
    assert (abi.code, abi.out) == (1, "")
    assert "error[CCL0201]" in abi.err


def test_faults_of_syntax_prevent_the_tree(tmp_path: Path) -> None:
    done = run("cclc", "compile", "-", "--emit", "ast", home=tmp_path, stdin=b"fn f( {")
    assert (done.code, done.out) == (1, "")
    assert "error[CCL0112]" in done.err
