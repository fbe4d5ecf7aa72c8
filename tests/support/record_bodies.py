"""Bodies of records, drawn from the annotations of their fields: any value that they allow.

Rule: what a record checks over several of its fields is fitted here, by type; all else is read off
the annotations, so that a new field is drawn as soon as it is declared.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Struct
from signers import key

from mesh.core.fields import JobIdField, NodeIdField
from mesh.core.records.jobs import JobManifest
from mesh.core.records.membership import Genesis, Membership
from mesh.core.records.terms import Trust
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.tokens.policy import AllOf, AllowAll, AnyOf, PermitList, Quota, RateLimit, Rule

ITEMS_MAX: Final = 3
TEXT_MAX: Final = 12
DIDS: Final = st.sampled_from(
    [*(key(f"member {number}").did for number in range(4)), Did("did:icn:allocation:ab")]
)
CIDS: Final = st.builds(cid_of, st.binary(max_size=3), st.sampled_from(Codec))


def bodies(kind: type[Struct]) -> st.SearchStrategy[Any]:
    """Any body of a record's type."""
    return _record(kind)


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if hint == Rule:
        return _rules()
    if hint in _NAMED:
        return _NAMED[hint]
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        marks = tuple(rest)
    if hint is Did:
        return DIDS
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of(*(st.none() if each is type(None) else _of(each) for each in parts))
    if origin is tuple:
        low, high = _size(marks, ITEMS_MAX)
        return st.lists(_of(parts[0]), min_size=low, max_size=high).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        low, high = _size(marks, ITEMS_MAX)
        return st.dictionaries(_of(parts[0]), _of(parts[1]), min_size=low, max_size=high)
    return _scalar(hint, marks)


def _scalar(hint: Any, marks: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if hint is bool:
        return st.booleans()
    if hint is int:
        bounds = next((each for each in marks if isinstance(each, Between)), None)
        low, high = (0, INTEGER_MAX) if bounds is None else (bounds.low, bounds.high)
        return st.integers(low, min(high, low + 9)) | st.integers(low, high)
    if hint is str:
        low, high = _size(marks, TEXT_MAX)
        characters = st.characters(codec="utf-8")
        texts = st.text(characters, min_size=low, max_size=high)
        return texts.filter(lambda text: low <= len(text.encode()) <= max(high, low))
    if hint is bytes:
        low, high = _size(marks, TEXT_MAX)
        return st.binary(min_size=low, max_size=high)
    if hint is Cid:
        return CIDS
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return _record(hint)


def _size(marks: tuple[Any, ...], high: int) -> tuple[int, int]:
    """The least of a size, and a little more."""
    size = next((each for each in marks if isinstance(each, Size)), Size(0, high))
    return size.low, min(size.high, size.low + high)


def _record(kind: type[Struct]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    fields = {name: _of(hints[name]) for name in kind.__struct_fields__}
    fit = _FITTED.get(kind, lambda values: values)
    return st.fixed_dictionaries(fields).map(lambda values: kind(**fit(values)))


# --- what is checked over several fields


def _trust(values: dict[str, Any]) -> dict[str, Any]:
    verifiers = values["verifiers"]
    low = verifiers // 2 + 1
    return {**values, "quorum": min(max(values["quorum"], low), verifiers)}


def _founded(values: dict[str, Any]) -> dict[str, Any]:
    founders = tuple(dict.fromkeys(values["founders"]))
    low = len(founders) // 2 + 1
    threshold = min(max(values["threshold"], low), len(founders))
    return {**values, "founders": founders, "threshold": threshold}


def _membership(values: dict[str, Any]) -> dict[str, Any]:
    by_key = {each.member: each for each in values["members"]}
    by_name = {each.name: each for each in by_key.values()}
    return {**_founded(values), "members": tuple(by_name.values())}


def _manifest(values: dict[str, Any]) -> dict[str, Any]:
    names = ("created_at", "bid_deadline", "expires_at")
    return {**values, **dict(zip(names, sorted(values[each] for each in names), strict=True))}


def _rate(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "burst": min(values["burst"], INTEGER_MAX // values["per_seconds"])}


_FITTED: Final[Mapping[type[Struct], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    Trust: _trust,
    Genesis: _founded,
    Membership: _membership,
    JobManifest: _manifest,
    RateLimit: _rate,
}

_NAMED: Final[dict[Any, st.SearchStrategy[Any]]] = {
    JobIdField: st.uuids(version=4).map(str),
    NodeIdField: st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True),
}


def _rules() -> st.SearchStrategy[Any]:
    limits = st.one_of(*map(_record, (AllowAll, Quota, RateLimit, PermitList)))
    composed = st.builds(
        lambda kind, rules: kind(rules=tuple(rules)),
        st.sampled_from([AllOf, AnyOf]),
        st.lists(limits, min_size=1, max_size=3),
    )
    return limits | composed
