"""did:key and strict Ed25519: accepted keys and signatures, and those that each verifier must
refuse."""

import pytest
from blake3 import blake3
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey as NaclKey

from runtime.content.did import Did
from runtime.identity.keys import IdentityError, SigningKey, did_of, public_key, verify

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]
"""Points whose order divides 8 (RFC 7748's curve, in Edwards form)."""

NOT_CANONICAL = [
    (PRIME).to_bytes(32, "little").hex(),
    (PRIME + 1).to_bytes(32, "little").hex(),
    "ff" * 32,
]


def test_first_vector_of_rfc_8032_holds() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey(seed)
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
        "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_did_key_of_a_known_seed_is_reproduced() -> None:
    """From the did:key method's test vectors."""
    did = Did("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
    raw = public_key(did)
    assert raw.hex() == "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
    assert did_of(raw) == did


@examples(60)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.data())
def test_signature_is_of_one_key_over_one_message(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    key = SigningKey(seed)
    assert public_key(key.did) == key.public
    signature = key.sign(message)
    assert signature == NaclKey(seed).sign(message).signature
    assert verify(key.did, message, signature)
    assert not verify(key.did, message + b"!", signature)
    assert not verify(SigningKey(blake3(seed).digest()).did, message, signature)
    bit = data.draw(st.integers(0, 511))
    broken = bytearray(signature)
    broken[bit // 8] ^= 1 << bit % 8
    assert not verify(key.did, message, bytes(broken))


def test_scalar_that_is_not_reduced_is_refused() -> None:
    """S + L signs the same for a verifier without the check: a second signature, made without the
    key."""
    key = SigningKey(bytes(32))
    signature = key.sign(b"pay")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not verify(key.did, b"pay", malleable)


@pytest.mark.parametrize("point", SMALL_ORDER + NOT_CANONICAL)
def test_key_of_small_order_is_refused(point: str) -> None:
    with pytest.raises(IdentityError, match="prime-order group"):
        did_of(bytes.fromhex(point))


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_commitment_of_small_order_is_refused(point: str) -> None:
    """With R of small order and S = 0 lax verifiers disagree; this one always refuses."""
    key = SigningKey(bytes(32))
    assert not verify(key.did, b"pay", bytes.fromhex(point) + bytes(32))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("did:web:example.org", "is not a did:key in base58"),
        ("did:key:z", "is not an Ed25519 key"),
        ("did:key:z6Mki0", "'0' is not a base58 character"),
        ("did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "is not an Ed25519 key"),
        ("did:key:z" + "6" * 80, "an Ed25519 did:key has 48"),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDoo", "is not an Ed25519 key"),
    ],
)
def test_did_of_another_kind_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(IdentityError, match=reason):
        public_key(Did(text))


def test_did_key_with_a_leading_one_is_refused() -> None:
    did = SigningKey(bytes(32)).did
    with pytest.raises(IdentityError):
        public_key(Did(did.replace("did:key:z", "did:key:z1")))


def test_key_does_not_show_its_seed() -> None:
    key = SigningKey(b"\x42" * 32)
    assert "42" * 8 not in repr(key)
    assert repr(key) == f"SigningKey({key.did})"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_seed_has_32_bytes(length: int) -> None:
    with pytest.raises(IdentityError, match=f"a seed of {length} bytes"):
        SigningKey(bytes(length))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_signature_has_64_bytes(length: int) -> None:
    assert not verify(SigningKey(bytes(32)).did, b"", bytes(length))
