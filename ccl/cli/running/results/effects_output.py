"""Effects besides jobs, as lines for people and as JSON for machines."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ccl.abi.text.values import untyped_to_json
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode
from runtime.execution.effects import (
    AnchorData,
    BurnTokens,
    DeclareState,
    Effect,
    EmitEvent,
    ForgetState,
    MintTokens,
    PinBlock,
    PutBlock,
    RecordUsage,
    SubmitJob,
    TransferTokens,
    UnpinBlock,
    WriteState,
)
from runtime.terminal.escaping import printable


def effect_lines(effects: Iterable[Effect]) -> Iterator[str]:
    """Writes one line for each, but one for all the variables of a home."""
    written: dict[str, list[str]] = {}
    lines = []
    for effect in effects:
        if isinstance(effect, ForgetState):
            lines.append(f"Forgot     {printable(effect.home)}: {printable(effect.variable)}")
        if isinstance(effect, WriteState):
            written.setdefault(effect.home, []).append(effect.variable)
            continue
        line = _line(effect)
        if line is not None:
            lines.append(line)
    for home, names in written.items():
        yield f"State      {printable(home)}: {printable(', '.join(names))}"
    yield from lines


def _line(effect: Effect) -> str | None:
    match effect:
        case AnchorData(data=text):
            cid = cid_of(text.encode("utf-8"), Codec.RAW)
            return f"Stored     {cid}  ({len(text)} characters to anchor)"
        case RecordUsage(resource_type=kind, amount=amount):
            return f"Usage      {amount} {kind}, as the program claims; not billed"
        case EmitEvent(name=name, article=article):
            data = json.dumps(untyped_to_json(decode(effect.data)), ensure_ascii=False)
            shown = "" if data in ("{}", "null") else f"  {data}"
            under = f"  (under article {article})" if article else ""
            return printable(f"Event      {name}{shown}{under}")
        case MintTokens():
            text = f"minted {effect.amount} {effect.token_class} to {effect.to}"
        case BurnTokens():
            text = f"burned {effect.amount} {effect.token_class} of {effect.holder}"
        case TransferTokens():
            units = f"{effect.amount} {effect.token_class}"
            text = f"moved {units} from {effect.holder} to {effect.to}"
        case PutBlock(cid=cid):
            return f"Put        {cid}"
        case PinBlock(cid=cid):
            return f"Pinned     {cid}"
        case UnpinBlock(cid=cid):
            return f"Unpinned   {cid}"
        case SubmitJob() | WriteState() | DeclareState() | ForgetState():
            return None
    return printable(f"Tokens     {text}")


def effects_to_json(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    """Lists effects in the program's order, without declarations of state."""
    return [found for each in effects if (found := _json(each)) is not None]


def _json(effect: Effect) -> dict[str, Any] | None:
    match effect:
        case DeclareState():
            return None
        case SubmitJob(wasm_cid=cid, resource_type=kind, committed_units=units):
            return {"submit_job": str(cid), "resource_type": kind, "amount": units}
        case EmitEvent(name=name, article=article):
            data = untyped_to_json(decode(effect.data))
            return {"event": name, "data": data, "article": article or None}
        case WriteState(home=home, variable=variable, value=cid):
            return {"state": f"{home}.{variable}", "value": str(cid)}
        case ForgetState(home=home, variable=variable):
            return {"forgotten_state": f"{home}.{variable}"}
        case MintTokens():
            return {"mint": effect.token_class, "amount": effect.amount, "to": effect.to}
        case BurnTokens():
            return {"burn": effect.token_class, "amount": effect.amount, "from": effect.holder}
        case TransferTokens():
            moved = {"transfer": effect.token_class, "amount": effect.amount}
            return {**moved, "from": effect.holder, "to": effect.to}
        case AnchorData(data=text):
            return {"anchor": str(cid_of(text.encode("utf-8"), Codec.RAW))}
        case RecordUsage(resource_type=kind, amount=amount):
            return {"usage": kind, "amount": amount}
        case PutBlock(cid=cid):
            return {"put": str(cid)}
        case PinBlock(cid=cid):
            return {"pin": str(cid)}
        case UnpinBlock(cid=cid):
            return {"unpin": str(cid)}
