"""Host calls: arguments, answers and refusals."""

from typing import Any

import pytest
from typed_trees import (
    INT,
    SPAN,
    STRING,
    Host,
    Running,
    Trapped,
    array,
    block,
    boolean,
    function,
    get,
    host,
    integer,
    local,
    put,
    run,
    running,
    text,
)

from ccl.ir import typed as t
from ccl.ir.types import Option, Prim, Result, Type
from runtime.content.codec import decode, encode

JOB = Result(Prim.JOB, STRING)
CID = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
R = local(0, JOB, "r")


def _submission() -> t.CallHost:
    arguments = (text(CID), text("Data"), text("compute"), integer(1000), text("medium"))
    return host("host_submit_job", JOB, *arguments)


def _unwrapped(node: t.Expr, kind: Type) -> t.Convert:
    return t.Convert(conversion=t.Conversion.UNWRAP_OK, operand=node, type=kind, span=SPAN)


def _module(value: t.Expr, answers: dict[str, Any]) -> Running:
    return running(function("run", [], block([], value)), host=Host(answers))


def test_submission_returns_its_handle() -> None:
    module = _module(_unwrapped(_submission(), Prim.JOB), {"host_submit_job": 3})
    assert module.call("run") == 3
    given = (CID, "Data", "compute", 1000, "medium")
    assert module.host.calls == [("host_submit_job", given)]
    assert module.live_blocks() == 0


def test_discarded_refusal_traps_with_its_reason() -> None:
    answers = {"host_submit_job": 0, "host_last_refusal": b"balance too low"}
    with pytest.raises(Trapped) as trapped:
        _module(_unwrapped(_submission(), Prim.JOB), answers).call("run")
    assert trapped.value == Trapped("unhandled Err", "balance too low")


def test_err_of_an_entry_discards_its_effects() -> None:
    answers = {"host_submit_job": 0, "host_last_refusal": "não".encode()}
    with pytest.raises(Trapped) as trapped:
        _module(_submission(), answers).apply("run")
    assert trapped.value == Trapped("the entry returned Err", "não")
    assert _module(_submission(), {"host_submit_job": 2}).apply("run") == {"Ok": 2}


def test_status_is_a_result_of_unit() -> None:
    call = host("host_anchor_to_dag", Result(Prim.UNIT, STRING), text("x"))
    module = _module(call, {"host_anchor_to_dag": 1})
    assert module.apply("run") == {"Ok": None}
    assert module.live_blocks() == 0


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, 100_000])
def test_long_answers_are_requested_again(length: int) -> None:
    content = ("é" * length).encode()
    module = _module(host("host_read_input", STRING), {"host_read_input": content})
    assert module.apply("run") == "é" * length
    assert len(module.host.calls) == (1 if len(content) <= 512 else 2)
    assert module.live_blocks() == 0


def test_missing_input_is_an_empty_string() -> None:
    assert _module(host("host_read_input", STRING), {}).apply("run") == ""


def test_absent_answer_is_none_or_a_trap() -> None:
    asked = host("host_input_cid", Option(Prim.CID))
    assert _module(asked, {}).apply("run") is None
    assert _module(asked, {"host_input_cid": CID.encode()}).apply("run") == CID
    with pytest.raises(Trapped, match="host_input_cid"):
        _module(host("host_input_cid", Prim.CID), {}).apply("run")


def test_input_that_is_not_utf8_traps() -> None:
    with pytest.raises(Trapped, match="UTF-8"):
        _module(host("host_read_input", STRING), {"host_read_input": b"ok\xff"}).apply("run")


def test_host_records_are_data() -> None:
    record = encode({"type": "bylaw", "votes": {"yes": 12}, "list": [1, {"a": 2}], "z": None})
    ctx = host("host_get_context", Prim.DATA, text("proposal"))
    votes = t.DataGet(base=ctx, name="votes", span=SPAN)
    yes = t.DataGet(base=votes, name="yes", span=SPAN)
    number = t.Convert(conversion=t.Conversion.DATA_TO, operand=yes, type=INT, span=SPAN)
    answers = {"host_get_context": record}
    module = _module(number, answers)
    assert module.call("run") == 12
    assert module.live_blocks() == 0
    wrong = t.Convert(conversion=t.Conversion.DATA_TO, operand=votes, type=INT, span=SPAN)
    with pytest.raises(Trapped) as trapped:
        _module(wrong, answers).call("run")
    assert trapped.value.reason == "wrong type of data: `votes`: expected Integer"
    with pytest.raises(Trapped, match="missing field `no`"):
        _module(t.DataGet(base=votes, name="no", span=SPAN), answers).apply("run")


@pytest.mark.parametrize(
    ("path", "expected"),
    [(["type"], 1), (["votes", "yes"], 1), (["votes", "no"], 0), (["type", "x"], 0), (["z"], 1)],
)
def test_has_follows_a_path(path: list[str], expected: int) -> None:
    record = encode({"type": "bylaw", "votes": {"yes": 12}, "list": [1, {"a": 2}], "z": None})
    data = host("host_get_context", Prim.DATA, text("proposal"))
    names = [text(name) for name in path]
    arguments = tuple(t.Argument(value=a, mutated=False) for a in (data, *names))
    has = t.CallBuiltin(builtin=t.Builtin.DATA_HAS, arguments=arguments, type=Prim.BOOL, span=SPAN)
    assert _module(has, {"host_get_context": record}).call("run") == expected


def test_manifest_is_one_canonical_map() -> None:
    fields: tuple[tuple[str, t.Expr], ...] = (
        ("wasm_cid", text(CID)),
        ("resource_amount", integer(1000)),
        ("input", text(CID)),
        ("arguments", array(STRING, text("a"))),
        ("flag", boolean(True)),
    )
    node = t.SubmitManifest(fields=fields, type=JOB, span=SPAN)
    module = _module(node, {"host_submit_manifest": 1})
    assert module.apply("run") == {"Ok": 1}
    ((_, (content,)),) = module.host.calls
    assert decode(content) == {
        "wasm_cid": CID,
        "resource_amount": 1000,
        "input": CID,
        "arguments": ["a"],
        "flag": True,
    }
    assert module.live_blocks() == 0


def test_unused_imports_are_left_out() -> None:
    log = run(host("host_log_message", Prim.UNIT, text("hello")))
    module = running(function("run", [], block([log])))
    assert module.call("run") is None
    assert module.host.calls == [("host_log_message", ("hello",))]
    assert module.artifact.wat.count("(import") == 1


def test_ok_result_is_true() -> None:
    ok = t.Convert(conversion=t.Conversion.IS_OK, operand=get(R), type=Prim.BOOL, span=SPAN)
    body = block([put(R, _submission())], ok)
    for handle, expected in ((4, 1), (0, 0)):
        answers = {"host_submit_job": handle, "host_last_refusal": b"no"}
        module = running(function("run", [], body), host=Host(answers))
        assert module.call("run") == expected
        assert module.live_blocks() == 0


@pytest.mark.parametrize(
    ("conversion", "given", "good"),
    [
        (t.Conversion.STRING_TO_CID, CID, True),
        (t.Conversion.STRING_TO_CID, CID[:-1], False),
        (t.Conversion.STRING_TO_CID, "c" + CID[1:], False),
        (t.Conversion.STRING_TO_CID, CID.upper(), False),
        (t.Conversion.STRING_TO_CID, "bafy" + "a" * 55, False),
        (t.Conversion.STRING_TO_DID, "did:key:z6Mk", True),
        (t.Conversion.STRING_TO_DID, "did:web:example.org%3A80", True),
        (t.Conversion.STRING_TO_DID, "did:web:example.org:", False),
        (t.Conversion.STRING_TO_DID, "did:web:a%4", False),
        (t.Conversion.STRING_TO_DID, "did:Key:z", False),
        (t.Conversion.STRING_TO_DID, "did:key", False),
        (t.Conversion.STRING_TO_DID, "", False),
    ],
)
def test_identifiers_are_checked_at_run_time(
    conversion: t.Conversion, given: str, good: bool
) -> None:
    kind = Prim.CID if conversion is t.Conversion.STRING_TO_CID else Prim.DID
    parameter = local(0, STRING, "s")
    node = t.Convert(conversion=conversion, operand=get(parameter), type=kind, span=SPAN)
    module = running(function("f", [parameter], block([], node)))
    if good:
        assert module.apply("f", given) == given
        assert module.live_blocks() == 0
    else:
        with pytest.raises(Trapped) as trapped:
            module.apply("f", given)
        assert trapped.value == Trapped(f"not a {kind.value.upper()}", given)
