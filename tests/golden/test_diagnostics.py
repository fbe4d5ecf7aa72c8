"""Rendered diagnostics of common mistakes, beside the program."""

import pytest
from syrupy.assertion import SnapshotAssertion

from ccl.diagnostics.render import FORMATS, FULL, Format, render
from ccl.pipeline import check_text

CID = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
SUBMISSION = f"""execution {{
  submit_job(
    wasm_cid: "{CID}",
    description: "Data processing task",
    resource_type: "compute",
    resource_amount: 1000,
    priority: "medium"
  );
}}
"""

PROGRAMS = {
    "wrong priority": SUBMISSION.replace('"medium"', '"hihg"'),
    "priority far from any": SUBMISSION.replace('"medium"', '"urgent"'),
    "CID with a wrong character": SUBMISSION.replace("bafybeih7q", "bafybeih1q"),
    "CID cut short": SUBMISSION.replace(CID, CID[:-6]),
    "CID that is something else": SUBMISSION.replace(CID, "my-analysis.wasm"),
    "missing argument": SUBMISSION.replace('    resource_type: "compute",\n', ""),
    "unknown argument": SUBMISSION.replace("description:", "descripton:"),
    "wrong type of argument": SUBMISSION.replace("1000", '"1000"'),
    "type mismatch": """fn share(total: Integer, members: Integer) -> Integer {
  return total / members;
}

execution {
  let each: Integer = share("1200", 4);
  each
}
""",
    "unknown name": """execution {
  let total = 12;
  let rest = totl - 2;
  rest
}
""",
    "duplicate key": """title: "Bylaws of the housing cooperative";
resources {
  compute: 1000;
  storage: 10;
  compute: 2000;
}
""",
    "several at once": """resources { compute: 10; compute: 20; }

fn double(n: Integer) -> Integer { return n * two; }

execution {
  if double(3) { log("yes"); }
  lgo("done");
}
""",
}


def card(program: str, form: Format) -> str:
    compilation = check_text(program, path="program.ccl")
    text = render(compilation.sink.diagnostics, compilation.sources, form, color=False, width=100)
    return f"{program}\n=== {form}\n{text}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_full(name: str, snapshot: SnapshotAssertion) -> None:
    assert card(PROGRAMS[name], FULL) == snapshot


@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_every_format(form: Format, snapshot: SnapshotAssertion) -> None:
    assert card(PROGRAMS["unknown argument"], form) == snapshot


def test_valid_program_has_no_diagnostics() -> None:
    assert check_text(SUBMISSION, path="program.ccl").sink.diagnostics == ()
