"""Host calls of tokens: classes of the caller's own issue, and its own resource units."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.content.codec import encode
from runtime.content.did import Did, DidError, parse_did
from runtime.execution.effects import BurnTokens, Effect, MintTokens, TransferTokens
from runtime.host.invocation import Invocation
from runtime.host.manifest import RefusedError, positive
from runtime.tokens.register import class_fault
from runtime.tokens.token import RESOURCES


def mint_tokens(invocation: Invocation, token_class: str, amount: int, to: str) -> int | str:
    try:
        units, holder = positive("amount", amount), _own_class_and_did(token_class, "to", to)
    except RefusedError as refusal:
        return str(refusal)
    refusal_text = invocation.tokens.refused_mint(token_class, units)
    refusal_text = refusal_text or invocation.tokens.refused_holder(token_class, holder)
    if refusal_text is not None:
        return refusal_text
    effect = MintTokens(token_class=token_class, amount=units, to=holder)
    answer = _appended(invocation, effect)
    if answer == 1:
        invocation.tokens.mint(token_class, holder, units)
    return answer


def burn_tokens(invocation: Invocation, token_class: str, amount: int, of: str) -> int | str:
    try:
        units, holder = positive("amount", amount), _own_class_and_did(token_class, "holder", of)
    except RefusedError as refusal:
        return str(refusal)
    refusal_text = invocation.tokens.refused_spending(token_class, holder, units)
    if refusal_text is not None:
        return refusal_text
    effect = BurnTokens(token_class=token_class, amount=units, holder=holder)
    answer = _appended(invocation, effect)
    if answer == 1:
        invocation.tokens.mint(token_class, holder, -units)
    return answer


def transfer_tokens(
    invocation: Invocation, token_class: str, of: str, to: str, amount: int
) -> int | str:
    try:
        units = positive("amount", amount)
        holder, receiver = _did("holder", of), _did("to", to)
    except RefusedError as refusal:
        return str(refusal)
    if holder == receiver:
        return f"{token_class}: holder and receiver are the same, {holder}"
    effect = TransferTokens(token_class=token_class, amount=units, holder=holder, to=receiver)
    if token_class in RESOURCES:
        return _transfer_resource(invocation, effect)
    fault = class_fault(token_class)
    fault = fault or invocation.tokens.refused_spending(token_class, holder, units)
    fault = fault or invocation.tokens.refused_holder(token_class, receiver)
    if fault is not None:
        return fault
    answer = _appended(invocation, effect)
    if answer == 1:
        invocation.tokens.move(token_class, holder, receiver, units)
    return answer


def _transfer_resource(invocation: Invocation, effect: TransferTokens) -> int | str:
    kind, amount = effect.token_class, effect.amount
    if effect.holder != invocation.context.caller:
        return f"{kind}: a program moves only the caller's own units, not those of {effect.holder}"
    available = max(invocation.available_units(kind), 0)
    if available < amount:
        return f"{kind}: {amount} units asked for, {available} available"
    answer = _appended(invocation, effect)
    if answer == 1:
        invocation.commit(kind, amount, None)
    return answer


def token_balance(invocation: Invocation, token_class: str, holder: str) -> int:
    if token_class not in RESOURCES:
        return invocation.tokens.balance(token_class, holder)
    if holder != invocation.context.caller:
        return 0
    return max(invocation.available_units(token_class), 0)


def token_holders(invocation: Invocation, token_class: str) -> bytes:
    held: dict[str, int]
    if token_class in RESOURCES:
        caller = invocation.context.caller
        held = {caller: token_balance(invocation, token_class, caller)}
    else:
        invocation.meter.charge_items(invocation.tokens.holders_max(token_class))
        held = invocation.tokens.holders(token_class)
    return encode({holder: units for holder, units in held.items() if units})


def _own_class_and_did(token_class: str, key: str, did: str) -> Did:
    fault = class_fault(token_class)
    if fault is not None:
        raise RefusedError(fault)
    return _did(key, did)


def _did(key: str, text: str) -> Did:
    try:
        return parse_did(text)
    except DidError as error:
        raise RefusedError(f"{key}: {text[:80]!r} is not a DID: {error}") from None


def _appended(invocation: Invocation, effect: Effect) -> int | str:
    reason = invocation.append_effect(effect)
    return 1 if reason is None else reason


TOKEN_CALLS: Final[Mapping[str, Any]] = {
    "host_mint_tokens": mint_tokens,
    "host_burn_tokens": burn_tokens,
    "host_transfer_tokens": transfer_tokens,
    "host_token_balance": token_balance,
    "host_token_holders": token_holders,
}
