"""The examples by which the language is explained, whole."""

from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap
from ccl.syntax import ast

DECLARATIONS = """\
title: "Data processing job";              // entry: key, value, terminator
version "1.0.0";                           // the colon is optional before simple values
"staff": 0.6,                              // quoted key; `,` ends an entry as well as `;`
self_nomination allowed;                   // a bare word
features: ["avx", "sse4"];                 // lists; inline objects { a: 1, b: "x" }

resources {                                // section
  compute: 1000;
  policies { compute: "quota"; }
}
election "role_election" { seats 3; }             // with a value
class Token { transferable: true }         // a bare word as the value
bylaws_def "Bylaws" version "1.0.0" { quorum 0.5; }  // and a header
term "interim" { max_duration 180d; }      // the same form: value and body

if proposal.type == "bylaw_change" { quorum 0.60; } else { quorum 0.40; }
member_age range 18 120 { status "eligible"; }   // both ends included
range 0 500 { approvers 1; }                     // a range rule needs no key
on "nomination.confirmed" {
  mint_token { type "receipt"; recipient ctx.nominee_id; data { role: ctx.role, at: timestamp() }; }
}
article "7.2" { text: "Spending over 500 needs two approvers."; }
execution { log("reading"); }
"""

CODE = """\
import "std/voting" as voting;             // `as` optional; "helpers.ccl" is relative

const QUORUM: Decimal = 0.5;
enum Status { Open, Passed, Migrated(Did) }
struct Proposal { id: Integer, title: String, yes: Integer, status: Status }
state proposals: Map<Integer, Proposal> = map_new();
invariant "no negative votes" { all(proposals.values(), p => p.yes >= 0) }

/// Counts `votes` into `p` and reports whether it passes.
fn tally(p: Proposal, votes: Array<Integer>) -> Bool {
  let total = 0;
  for v in votes {
    if v < 0 { continue; }
    total = total + v;
  }
  p.yes += total;
  match p.status {
    Status::Open => p.yes * 2 > total,
    Status::Migrated(_) => false,
    _ => true,
  }
}

function helper(x) { return x + 1; }       // `function`, inferred types: same as fn

execution {
  require(tally(load(1), [3, 4]), "not passed") because article "7.2";
  submit_job(
    wasm_cid: module("./analysis.ccl"),    // compiled and packed along; or a CID string
    description: "Data processing task",
    resource_type: "compute",
    resource_amount: 1000,
    priority: "medium"
  );
}
"""


def kinds(text: str) -> list[str]:
    sink = Sink()
    module = parse(SourceMap().add("a.ccl", text), sink)
    assert sink.diagnostics == ()
    return [type(item).__name__ for item in module.items]


def test_declarations() -> None:
    found = kinds(DECLARATIONS)
    assert found == [
        *["Entry"] * 5,
        *["Section"] * 5,
        "IfRule",
        "RangeRule",
        "RangeRule",
        "Handler",
        "Article",
        "Execution",
    ]


def test_code() -> None:
    found = kinds(CODE)
    assert found == [
        "Import",
        "Const",
        "Enumeration",
        "Struct",
        "State",
        "Invariant",
        "Function",
        "Function",
        "Execution",
    ]


def test_smallest_job() -> None:
    text = """
execution {
  // Submit a computation job
  submit_job(
    wasm_cid: "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze",
    description: "Data processing task",
    resource_type: "compute",
    resource_amount: 1000,
    priority: "medium"
  );
}
"""
    sink = Sink()
    (execution,) = parse(SourceMap().add("job.ccl", text), sink).items
    assert sink.diagnostics == ()
    assert isinstance(execution, ast.Execution)
    (statement,) = execution.body.statements
    assert isinstance(statement, ast.ExpressionStatement)
    assert isinstance(statement.value, ast.Call)
    names = [argument.name.text for argument in statement.value.arguments if argument.name]
    assert " ".join(names) == "wasm_cid description resource_type resource_amount priority"
