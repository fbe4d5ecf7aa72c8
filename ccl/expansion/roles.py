"""A role as a function: whether the caller holds it now.

`role R { requires: a; requires: b; }` is held by whom the context grants R or a role that
extends it, as long as every `requires` of R holds.
"""

from collections.abc import Collection

from ccl import ast
from ccl.diagnostics import Sink
from ccl.expansion import making
from ccl.expansion.keys import ROLE_KEYS, check_key
from ccl.node import replace
from ccl.resolved import GRANTED_ROLE, ROLE_PREFIX, Role


def read_role(
    section: ast.Section, around: Collection[str], sink: Sink
) -> tuple[Role, ast.Function, ast.Section]:
    """The role, its function, and what is left of the section for the charter.

    `around`: the roles from whose sections it can inherit entries.
    """
    assert isinstance(section.value, ast.Name), "the caller has asked `is_section`"
    name = making.ident(section.value.text, section.value.span)
    left: list[ast.Item] = []
    held: ast.Expr = making.call(
        making.name(GRANTED_ROLE, name.span), [making.text_of(name.text, name.span)], name.span
    )
    for item in section.entries:
        match item:
            case ast.Entry(key=ast.Key(text="requires"), value=condition):
                held = making.both(held, condition)
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
                check_key(key, "role", ROLE_KEYS, sink)
                left.append(item)
            case _:
                left.append(item)
    function = making.function(
        ROLE_PREFIX + name.text,
        (),
        making.named_type(["Bool"], (), name.span),
        making.block(section.span, (), held),
        doc=section.doc or f"Whether the caller holds the role {name.text}.",
        at=name.span,
        override=section.override,
    )
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
    return role, function, shown
