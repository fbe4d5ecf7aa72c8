"""Contexts, which may come from anyone: a malformed one is refused by its field."""

from typing import Any

import pytest
from msgspec.structs import replace
from wasm_modules import context

from runtime.content.codec import CodecError, decode, encode
from runtime.execution.context import Context, Limits


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entry", 5),
        ("caller", None),
        ("caller", "did:key:" + "z" * 505),
        ("owner", 5),
        ("owner", "did:key:" + "z" * 505),
        ("member", 1),
        ("rules", "text"),
        ("received_at", -1),
        ("received_at", None),
        ("arguments_commitment", bytes(31)),
        ("arguments_commitment", "c" * 32),
        ("now", -1),
        ("now", True),
        ("now", "today"),
        ("seed", bytes(31)),
        ("seed", "s" * 32),
        ("engine", 1),
        ("arguments", []),
        ("input", b"raw"),
        ("state_root", "text"),
        ("balances", []),
        ("balances", {"compute": -1}),
        ("balances", {"compute": "10"}),
        ("policies", 1),
        ("records", [1]),
        ("results", "x"),
        ("limits", {"fuel": -1}),
        ("limits", {"fuel": 1 << 62, "memory_bytes": None}),
        ("limits", {"memory": 1}),
        ("version", 1),
        ("tokens", "text"),
        ("reputation", 101),
        ("unknown", 1),
    ],
)
def test_malformed_context_block_is_refused(field: str, value: Any) -> None:
    fields = decode(context().to_block())
    if field == "limits":
        value = fields["limits"] | value
    with pytest.raises(CodecError, match=r"not a context|another version"):
        Context.from_block(encode(fields | {field: value}))


def test_context_of_another_shape_is_refused() -> None:
    fields = decode(context().to_block())
    for name in fields:
        with pytest.raises(CodecError):
            Context.from_block(encode({k: v for k, v in fields.items() if k != name} | {"x": 1}))
    for block in (encode([]), encode(None), b"", b"\xff"):
        with pytest.raises(CodecError):
            Context.from_block(block)


def test_cached_block_is_not_read_from_a_block() -> None:
    claimed = decode(context().to_block()) | {"_block": context(entry="other").to_block()}
    with pytest.raises(CodecError, match="_block"):
        Context.from_block(encode(claimed))


def test_changed_copy_has_a_block_of_its_own() -> None:
    before = context()
    assert Context.from_block(before.to_block()) == before
    assert Context.from_block(replace(before, entry="other").to_block()).entry == "other"


def test_invalid_context_cannot_be_made() -> None:
    with pytest.raises(ValueError, match=r"limits\.fuel is not what a context holds"):
        replace(context(), limits=Limits(fuel=-1))


FIXED = replace(context(), engine="wasmtime 50.0.1 0123456789abcdef x86_64")


def test_block_of_a_context_is_stable() -> None:
    """Awards name this CID for this context."""
    assert str(FIXED.cid) == "bafyr4ib7yph2j2tzlgu6d55xjzlens27nowm2ylk3zl45z7emrmjbyzsaa"


def test_context_of_version_2_keeps_its_cid_and_has_the_caller_as_owner() -> None:
    before = replace(FIXED, version=2)
    assert str(before.cid) == "bafyr4igk47yomkva7ocui25yhxvbixubu6vozvqsbxx2opfylfqnthboqm"
    again = Context.from_block(before.to_block())
    assert again == before
    assert (again.owner, again.received_at) == (again.caller, again.now)
    assert (again.member, again.rules, again.arguments_commitment) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "did:icn:bafyr4igk47yomkva7ocui25yhxvbixubu6vozvqsbxx2opfylfqnthboqm"),
        ("member", "did:icn:bafyr4igk47yomkva7ocui25yhxvbixubu6vozvqsbxx2opfylfqnthboqm:7"),
        ("rules", FIXED.cid),
        ("received_at", FIXED.now - 1),
        ("arguments_commitment", bytes(32)),
    ],
)
def test_field_of_version_3_is_kept_and_refused_in_version_2(name: str, value: Any) -> None:
    changed = replace(FIXED, **{name: value})
    again = Context.from_block(changed.to_block())
    assert again == changed and getattr(again, name) == value
    assert again.cid != FIXED.cid
    with pytest.raises(ValueError, match="version is not what a context holds"):
        replace(changed, version=2)
    fields = decode(replace(FIXED, version=2).to_block())
    with pytest.raises(CodecError, match="fields of version 3"):
        Context.from_block(encode(fields | {name: value}))


def test_arguments_are_in_the_context_or_committed_to_and_never_both() -> None:
    with pytest.raises(ValueError, match="arguments is not what a context holds"):
        replace(FIXED, arguments=encode([1]), arguments_commitment=bytes(32))
