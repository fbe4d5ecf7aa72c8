"""Host calls of real modules: answers, refusals, and the resulting charter."""

from typing import Any

import pytest
from host_programs import effects, program
from wasm_modules import CALLER, NOW, HereMachine, context, executed, logs, output

from ccl.abi.host_calls import CID_BYTES_MAX, DID_BYTES_MAX, REFUSAL_BYTES_MAX
from runtime.content.cid import Codec, cid_of, parse_cid
from runtime.content.codec import CodecError, decode, encode
from runtime.content.did import DID_CHARS_MAX
from runtime.content.typed import union_to_value
from runtime.execution.effects import (
    AnchorData,
    RecordUsage,
    SubmitJob,
    effects_from_block,
    effects_to_block,
)
from runtime.host.calls import last_refusal
from runtime.host.invocation import Invocation
from runtime.host.policy import policies_to_value
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.policy import AllOf, AnyOf, PermitList, Quota, RateLimit, Rule, Usage

CID = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"


def submit(*fields: Any) -> tuple[Any, ...]:
    return ("submit_job", *fields)


GOOD = (CID, "count", "compute", 400, "medium")


def test_submission_is_an_effect_and_its_handle_its_position(machine: HereMachine) -> None:
    text = program(
        ("anchor_to_dag", "first"),
        "drop",
        submit(*GOOD),
        result="(result i32)",
    )
    result = executed(machine, text)
    assert output(result) == 2
    assert effects(result) == (
        AnchorData(data="first"),
        SubmitJob(
            wasm_cid=parse_cid(CID),
            description="count",
            resource_type="compute",
            resource_amount=400,
            priority="medium",
        ),
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (("bafy", *GOOD[1:]), "wasm_cid: 'bafy' is not a CID: "),
        (("", *GOOD[1:]), "wasm_cid: '' is not a CID: an empty string"),
        ((CID, "x" * 4097, *GOOD[2:]), "description: 4097 bytes, at most 4096"),
        (
            (CID, "x", "compte", 1, "low"),
            "resource_type: 'compte' is not one of compute, storage, bandwidth; "
            "did you mean 'compute'?",
        ),
        ((CID, "x", "compute", 0, "low"), "resource_amount: 0 is not more than 0"),
        ((CID, "x", "compute", -5, "low"), "resource_amount: -5 is not more than 0"),
        (
            (CID, "x", "compute", 1, "hihg"),
            "priority: 'hihg' is not one of low, medium, high, critical; did you mean 'high'?",
        ),
        ((CID, "x", "compute", 1001, "low"), "compute: 1001 units asked for, 1000 available"),
        ((CID, "x", "storage", 1, "low"), "storage: 1 units asked for, 0 available"),
        ((CID, b"\xff\xfe", "compute", 1, "low"), "description is not UTF-8 (byte 0 of 2)"),
    ],
)
def test_submission_is_refused_with_its_reason(
    machine: HereMachine, fields: tuple[Any, ...], reason: str
) -> None:
    result = executed(machine, program(submit(*fields), "(call $refusal)", result="(result i32)"))
    assert output(result) == 0
    assert effects(result) == ()
    assert logs(result)[0].startswith(reason)


def test_long_refusal_is_cut_between_characters() -> None:
    invocation = Invocation(context=context(), input=None)
    invocation.refuse("é" * 256)
    assert last_refusal(invocation) == ("é" * 256).encode()
    invocation.refuse("é" * 257)
    answer = last_refusal(invocation)
    assert answer is not None
    assert len(answer) <= REFUSAL_BYTES_MAX
    assert answer.decode() == "é" * 254 + "…"


def test_limits_of_answers_match_those_of_their_blocks() -> None:
    assert DID_BYTES_MAX == DID_CHARS_MAX, "a DID is ASCII"
    assert len(str(cid_of(b"", Codec.RAW))) == CID_BYTES_MAX


def test_second_submission_sees_the_first(machine: HereMachine) -> None:
    text = program(
        submit(*GOOD),
        "drop",
        submit(CID, "again", "compute", 601, "low"),
        "drop",
        "(call $refusal)",
        ("check_resource_authorization", "compute", 601),
        "drop",
        "(call $refusal)",
        ("check_resource_authorization", "compute", 600),
        "drop",
        ("get_token_balance", "compute"),
        result="(result i64)",
    )
    result = executed(machine, text)
    assert output(result) == 600
    assert logs(result) == ["compute: 601 units asked for, 600 available"] * 2


def in_context(rule: Rule, usage: Usage, scope: str = "") -> dict[str, Any]:
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), scope=scope, rule=rule)
    return policies_to_value([(policy, usage)])


def test_policies_count_what_was_submitted_before(machine: HereMachine) -> None:
    quota = in_context(Quota(limit=700), Usage(committed=100))
    text = program(
        submit(*GOOD),
        "drop",
        submit(CID, "again", "compute", 300, "low"),
        "(call $refusal)",
        result="(result i32)",
    )
    result = executed(machine, text, policies={"compute": quota})
    assert output(result) == 0
    assert logs(result) == [
        "compute: denied by policy: the quota leaves less than the amount asked for "
        "(200 units allowed now)"
    ]
    listed = in_context(PermitList(dids=(CALLER,)), Usage())
    assert output(executed(machine, text, policies={"compute": listed})) == 2
    result = executed(machine, text, policies={"compute": {"rule": 5}})
    assert "the policy in the context cannot be read" in logs(result)[0]


def test_each_policy_is_asked_whose_scope_contains_the_jobs(machine: HereMachine) -> None:
    wide = PolicyInForce(cid=cid_of(b"wide", Codec.RAW), rule=Quota(limit=700))
    narrow = PolicyInForce(
        cid=cid_of(b"narrow", Codec.RAW),
        scope="care",
        rule=AllOf(rules=(PermitList(dids=(CALLER,)), AnyOf(rules=(Quota(limit=150),)))),
    )
    value = policies_to_value([(wide, Usage()), (narrow, Usage(committed=50))])
    text = program(
        scoped(100, "care/homes"),
        "drop",
        scoped(1, "care"),
        "drop",
        "(call $refusal)",
        scoped(200, "careless"),
        result="(result i32)",
    )
    result = executed(machine, text, policies={"compute": value})
    assert output(result) == 2
    assert logs(result) == [
        "compute: denied by policy: the quota leaves less than the amount asked for "
        "(0 units allowed now)"
    ]


def scoped(amount: int, scope: str) -> tuple[Any, ...]:
    fields = {**MANIFEST, "wasm_cid": CID, "resource_amount": amount}
    return ("submit_manifest", encode(fields | {"scope": scope}))


def test_policy_of_an_old_context_is_read_as_before(machine: HereMachine) -> None:
    rule = union_to_value(Rule, RateLimit(amount=1, per_seconds=10, burst=500))
    usage = {"committed": 90, "level": 4_400, "updated_at": NOW - 100}
    text = program(
        submit(*GOOD),
        "drop",
        submit(CID, "again", "compute", 51, "low"),
        "(call $refusal)",
        result="(result i32)",
    )
    before = {"compute": {"rule": rule, "usage": usage}}
    result = executed(machine, text, policies=before)
    assert logs(result) == [
        "compute: denied by policy: too much in too short a time "
        "(50 units allowed now, enough in 10 s)"
    ]
    usage["level"] = 4_390
    text = program(submit(CID, "all", "compute", 449, "low"), result="(result i32)")
    assert output(executed(machine, text, policies=before)) == 1
    composed = union_to_value(Rule, AllOf(rules=(Quota(limit=700),)))
    result = executed(machine, text, policies={"compute": {"rule": composed, "usage": usage}})
    assert output(result) == 0


MANIFEST = {
    "wasm_cid": CID,
    "description": "count",
    "resource_type": "compute",
    "resource_amount": 900,
    "priority": "high",
}


def manifest(**changes: Any) -> str:
    value = {name: entry for name, entry in (MANIFEST | changes).items() if entry != "absent"}
    return program(("submit_manifest", encode(value)), "(call $refusal)", result="(result i32)")


def test_full_manifest_is_an_effect(machine: HereMachine) -> None:
    result = executed(
        machine,
        manifest(
            input=CID,
            entry="count",
            arguments=[1, "a"],
            budget=1000,
            scope="accounts/monthly",
            requirements={"memory_bytes": 1 << 20, "features": ["simd"]},
            trust={"quorum": 2, "locations": ["eu"]},
            max_seconds=60,
        ),
    )
    assert output(result) == 1
    (job,) = effects(result)
    assert isinstance(job, SubmitJob)
    assert job.input == parse_cid(CID)
    assert job.arguments == encode([1, "a"])
    assert job.committed_units == 1000
    assert job.scope == "accounts/monthly"
    assert job.requirements == {"memory_bytes": 1 << 20, "features": ["simd"]}
    assert effects_from_block(effects_to_block([job])) == (job,)


def test_submission_without_a_scope_keeps_its_old_encoding(
    machine: HereMachine,
) -> None:
    (job,) = effects(executed(machine, manifest()))
    assert isinstance(job, SubmitJob)
    ((kind, fields),) = decode(effects_to_block([job]))
    assert kind == "submit-job"
    assert sorted(fields) == sorted(set(SubmitJob.__struct_fields__) - {"scope"})
    assert effects_from_block(effects_to_block([job])) == (job,)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"priorty": "low"}, "the manifest has no key 'priorty'; did you mean 'priority'?"),
        ({"priority": "absent"}, "priority: missing"),
        ({"wasm_cid": 5}, "wasm_cid: expected a CID, found an integer"),
        ({"resource_amount": "9"}, "resource_amount: expected an integer, found text"),
        ({"resource_amount": True}, "resource_amount: expected an integer, found a truth value"),
        ({"budget": 1001}, "compute: 1001 units asked for, 1000 available"),
        ({"entry": ""}, "entry: an empty name"),
        ({"arguments": 5}, "arguments: expected a list, found an integer"),
        ({"arguments": b"\xff"}, "arguments: not canonical DAG-CBOR"),
        ({"requirements": {"memory": 1}}, "requirements has no key 'memory'; did you mean"),
        ({"requirements": {"cpu_cores": -1}}, "requirements.cpu_cores: -1 is below 0"),
        ({"trust": []}, "trust: expected a map, found a list"),
        ({"trust": {"locations": [1]}}, "trust.locations: expected a list of texts"),
    ],
)
def test_malformed_manifest_is_refused_with_its_field(
    machine: HereMachine, changes: dict[str, Any], reason: str
) -> None:
    result = executed(machine, manifest(**changes))
    assert output(result) == 0
    assert logs(result)[0].startswith(reason)


def test_manifest_that_is_not_a_map_is_refused(machine: HereMachine) -> None:
    for block, words in ((b"\xff", "not canonical"), (encode([1]), "not a map")):
        text = program(("submit_manifest", block), "(call $refusal)", result="(result i32)")
        assert words in logs(executed(machine, text))[0]


def test_usage_claim_is_an_effect(machine: HereMachine) -> None:
    result = executed(machine, program(("record_resource_usage", "storage", 7)))
    assert effects(result) == (RecordUsage(resource_type="storage", amount=7),)
    result = executed(machine, program(("record_resource_usage", "storage", 0)))
    assert result.deterministic.outcome.reason == (
        "host_record_resource_usage: amount: 0 is not more than 0"
    )


# --- reading


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (("get_caller",), CALLER.encode()),
        (("read_input",), b"ballots"),
        (("input_cid",), str(cid_of(b"ballots", Codec.RAW)).encode()),
        (("get_context", "ctx"), encode({"nominee": "did:key:z6Mk"})),
        (("get_context", "nobody"), None),
        (("last_refusal",), None),
    ],
)
def test_answer_is_written_into_a_large_enough_buffer(
    machine: HereMachine, call: tuple[str, ...], expected: bytes | None
) -> None:
    text = program(
        call,
        "local.set $n",
        "(if (i32.gt_s (local.get $n) (i32.const 0)) (then"
        " (drop (call $write_output (i32.const 0) (local.get $n)))))",
        "(local.get $n)",
        result="(result i32)",
    )
    result = executed(machine, text, input=b"ballots", records={"ctx": {"nominee": "did:key:z6Mk"}})
    assert output(result) == (-1 if expected is None else expected)


def test_buffer_that_is_too_small_is_left_alone(machine: HereMachine) -> None:
    text = program(
        "(i32.store8 (i32.const 0) (i32.const 33))",
        "(drop (call $read_input (i32.const 0) (i32.const 6)))",
        "(drop (call $read_input (i32.const 100) (i32.const 7)))",
        "(i32.add (i32.mul (i32.load8_u (i32.const 0)) (i32.const 1000))"
        " (i32.load8_u (i32.const 100)))",
        result="(result i32)",
    )
    assert output(executed(machine, text, input=b"ballots")) == 33 * 1000 + ord("b")


def test_clock_shows_the_time_of_the_job(machine: HereMachine) -> None:
    text = program("(call $get_current_time)", result="(result i64)")
    assert output(executed(machine, text)) == NOW


def test_random_bytes_come_from_the_seed(machine: HereMachine) -> None:
    text = program(
        "(drop (call $random))", "(drop (call $random))", "(call $random)", result="(result i64)"
    )
    first = output(executed(machine, text))
    assert first == output(executed(machine, text))
    assert 0 <= first < 1 << 63
    assert first != output(executed(machine, text, seed=bytes(32)))


def test_missing_input_is_absent(machine: HereMachine) -> None:
    for call in ("read_input", "input_cid"):
        assert output(executed(machine, program((call,), result="(result i32)"))) == -1


def test_effect_lists_are_read_back_strictly() -> None:
    for value in (
        {},
        [1],
        [["anchor"]],
        [["anchor", {"data": 5}]],
        [["anchors", {"data": "x"}]],
        [["record-usage", {"resource_type": "compute"}]],
        [["submit-job", {"wasm_cid": CID}]],
    ):
        with pytest.raises(CodecError, match="not an effect"):
            effects_from_block(encode(value))
    assert decode(encode([])) == []
