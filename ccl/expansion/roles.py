"""A role as functions: whether the caller holds it now, and whether what it requires is met.

`role R { requires: a; requires: b; }` is held by whom the context grants R or a role that
extends it, as long as every `requires` of R holds, and of what R extends.
"""

from collections.abc import Collection
from functools import reduce

from ccl import ast
from ccl.diagnostics import Sink
from ccl.expansion import making
from ccl.expansion.keys import ROLE_KEYS, check_key, keys_in
from ccl.node import replace
from ccl.resolved import (
    GRANTED_ROLE,
    INHERITED_REQUIREMENTS,
    REQUIREMENTS_PREFIX,
    ROLE_PREFIX,
    Role,
)


def read_role(
    section: ast.Section, around: Collection[str], sink: Sink
) -> tuple[Role, tuple[ast.Function, ...], ast.Section]:
    """The role, its functions, and what is left of the section for the charter.

    `around`: the roles from whose sections it can inherit entries.
    """
    assert isinstance(section.value, ast.Name), "the caller has asked `is_section`"
    name = making.ident(section.value.text, section.value.span)
    left: list[ast.Item] = []
    conditions: list[ast.Expr] = []
    given = keys_in(section)
    for item in section.entries:
        match item:
            case ast.Entry(key=ast.Key(text="requires"), value=condition):
                conditions.append(condition)
            case ast.Section(key=ast.Key(text="requires") as key):
                sink.report(
                    "CCL0305",
                    key.span,
                    section="role",
                    key="requires",
                    expected="a condition",
                    found="a section",
                )
            case ast.Entry(key=key) | ast.Section(key=key):
                check_key(key, "role", ROLE_KEYS, given, sink)
                left.append(item)
            case _:
                left.append(item)
    functions = _functions(name, conditions, section)
    base = section.extends
    if base is not None and base.text not in around:
        key = ast.Key(text="extends", quoted=False, span=base.span)
        text = making.text_of(base.text, base.span)
        left.insert(0, ast.Entry(key=key, value=text, span=base.span))
        base = None
    role = Role(name=name, parent=section.extends, span=section.span)
    shown = replace(
        section,
        value=making.text_of(name.text, name.span),
        entries=tuple(left),
        extends=base,
        override=False,
    )
    return role, functions, shown


def _functions(
    name: ast.Ident, conditions: list[ast.Expr], section: ast.Section
) -> tuple[ast.Function, ...]:
    at = name.span
    doc = section.doc or f"Whether the caller holds the role {name.text}."
    required = making.name(REQUIREMENTS_PREFIX + name.text, at)
    met = reduce(making.both, [*conditions, _asked(INHERITED_REQUIREMENTS, name)])
    bodies = {
        ROLE_PREFIX: making.both(_asked(GRANTED_ROLE, name), making.call(required, (), at)),
        REQUIREMENTS_PREFIX: met,
    }
    return tuple(
        making.function(
            prefix + name.text,
            (),
            making.prelude_type("Bool", (), at),
            making.block(section.span, (), body),
            doc=doc,
            at=at,
            override=section.override,
        )
        for prefix, body in bodies.items()
    )


def _asked(question: str, role: ast.Ident) -> ast.Call:
    return making.call(
        making.name(question, role.span), [making.text_of(role.text, role.span)], role.span
    )
