"""Answers that refuse a request, as their issuer gives them; tests change what they are about."""

from typing import Any

from msgspec.structs import replace

from mesh.core.records.settlement import Answer
from runtime.content.cid import Cid


def refusing(request: Cid, reason: str = "over", **changes: Any) -> Answer:
    answer = Answer(
        request=request,
        accepted=False,
        reason=reason,
        detail="",
        settlement=None,
        retry_after=None,
    )
    return replace(answer, **changes)
