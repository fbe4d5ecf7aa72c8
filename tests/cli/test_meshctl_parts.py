"""Parts of the commands: home and configuration, locks, ids by a part, tables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.cli.arguments.naming import resolve
from mesh.cli.output.formats import Column, field, table
from mesh.home.config import Config, load_config
from mesh.home.home import Home, find_home
from mesh.home.locks import LockBusy, actor_lock
from runtime.terminal.errors import CommandError
from runtime.terminal.escaping import printable, printable_text

JOBS = (
    "3a9f2b8c-d147-72e1-8f39-9875d2e9f6a7",
    "3a9f2b8d-0000-7000-8000-000000000001",
    "77aa0000-0000-7000-8000-00000000beef",
)


def job(text: str) -> str:
    return resolve(text, JOBS, noun="job", where="meshctl list-jobs")


def code_of(text: str) -> str:
    with pytest.raises(CommandError) as caught:
        job(text)
    assert caught.value.hint
    return caught.value.code


def test_id_is_named_by_its_beginning_or_its_end() -> None:
    assert job("77aa") == JOBS[2]
    assert job("beef") == JOBS[2]
    assert job("BEEF") == JOBS[2]
    assert job("3a9f2b8c…") == JOBS[0]
    assert job(JOBS[1]) == JOBS[1]


def test_invalid_id_is_refused_by_name() -> None:
    assert code_of("3a9f") == "ambiguous-job"
    assert code_of("77a") == "job-id-too-short"
    assert code_of("ffff0000") == "unknown-job"


def test_near_id_is_suggested() -> None:
    with pytest.raises(CommandError, match="there is no job") as caught:
        job("77ab0000-0000")
    assert JOBS[2] in caught.value.hint


@examples(50)
@given(start=st.integers(0, 20), length=st.integers(4, 36))
def test_part_of_an_id_never_names_another(start: int, length: int) -> None:
    part = JOBS[0][start : start + length]
    try:
        found = job(part)
    except CommandError:
        return
    assert found.startswith(part) or found.endswith(part)


def test_flag_overrides_environment(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert find_home(one, {"MESH_HOME": str(two)}).path == one
    assert find_home(None, {"MESH_HOME": str(two)}).path == two
    assert (two.stat().st_mode & 0o777) == 0o700


def test_environment_overrides_file_and_default(tmp_path: Path) -> None:
    home = find_home(tmp_path, {})
    assert load_config(home, {}) == Config()
    home.config_file.write_text("workers = 3\njob_seconds = 7\n")
    assert load_config(home, {"MESH_WORKERS": "5"}) == Config(workers=5, job_seconds=7)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("wrokers = 3", "config-value"),
        ("workers = true", "config-value"),
        ("workers = -1", "config-value"),
        ("module_bytes = 16777217", "config-value"),
        ("token_chain = 0", "config-value"),
        ("compile_seconds = 2.5", "config-value"),
        ("output = 3", "config-value"),
        ("workers = ", "config-unreadable"),
    ],
)
def test_wrong_configuration_is_named(tmp_path: Path, text: str, code: str) -> None:
    home = find_home(tmp_path, {})
    home.config_file.write_text(text)
    with pytest.raises(CommandError) as caught:
        load_config(home, {})
    assert caught.value.code == code
    assert str(home.config_file) in caught.value.message


def test_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(CommandError) as caught:
        find_home(path, {})
    assert caught.value.code == "home-unusable"


def test_lock_has_one_holder_and_dies_with_it(tmp_path: Path) -> None:
    home = find_home(tmp_path, {})
    program = (
        "import sys; from pathlib import Path\n"
        "from mesh.home.home import Home; from mesh.home.locks import actor_lock\n"
        "with actor_lock(Home(Path(sys.argv[1])), 'issuer', wait=False):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with (
            pytest.raises(LockBusy, match=str(child.pid)),
            actor_lock(Home(tmp_path), "issuer", wait=False),
        ):
            pass
        child.kill()
        child.wait()
        with actor_lock(home, "issuer", wait=False):
            assert (home.locks / "issuer.lock").read_text() == str(os.getpid())


def test_table_is_as_wide_as_it_must_be() -> None:
    columns = [
        Column(title="Node ID", text=field("node"), width=16),
        Column(title="Bid", text=field("bid")),
    ]
    rows = [{"node": "mesh-node-2", "bid": 80}, {"node": "a-node-with-a-long-name", "bid": None}]
    assert table(rows, columns) == [
        "Node ID                  Bid",
        "mesh-node-2              80",
        "a-node-with-a-long-name  -",
    ]


def test_terminal_sequences_are_escaped() -> None:
    assert printable("a\x1b[31mb\n") == "a\\u001b[31mb\\n"


@pytest.mark.parametrize("char", ["\x1b", "\x9b", "\u202e", "\U000e0041"])
def test_escape_is_the_same_in_a_line_and_in_a_text_and_is_json(char: str) -> None:
    assert printable(char) == printable_text(char)
    assert json.loads(f'"{printable(char)}"') == char


def test_column_of_wide_characters_is_aligned_by_cells() -> None:
    columns = [Column(title="Scope", text=field("scope")), Column(title="Units", text=field("n"))]
    rows = [{"scope": "care", "n": 1}, {"scope": "介護", "n": 2}, {"scope": "cafe\u0301s", "n": 3}]
    assert table(rows, columns) == ["Scope  Units", "care   1", "介護   2", "cafe\u0301s  3"]
