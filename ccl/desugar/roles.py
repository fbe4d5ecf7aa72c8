"""A role as functions: whether the caller holds it, and whether its requirements are met.

`role R { requires: a; requires: b; }` is held if the context grants R or a role that extends it,
and every `requires` of R holds, and of the role that R extends.
"""

from collections.abc import Collection
from functools import reduce

from ccl.desugar import ast_builders
from ccl.desugar.intrinsics import Intrinsic
from ccl.desugar.keys import ROLE_KEYS, check_key, keys_in
from ccl.diagnostics.model import Sink
from ccl.resolver.scopes import Role
from ccl.support.node import replace
from ccl.syntax import ast


def read_role(
    section: ast.Section, around: Collection[str], sink: Sink
) -> tuple[Role, tuple[ast.Function, ...], ast.Section]:
    """Returns the role, its functions, and what is left of the section for the charter.

    `around`: the roles from whose sections it can inherit entries.
    """
    assert isinstance(section.value, ast.Name), "the caller has checked `is_section`"
    name = ast_builders.ident(section.value.text, section.value.span)
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
            case _:  # the charter's, as anywhere
                left.append(item)
    role = Role(name=name, parent=section.extends, span=section.span)
    functions = _functions(role, conditions, section)
    base = section.extends
    if base is not None and base.text not in around:
        key = ast.Key(text="extends", quoted=False, span=base.span)
        text = ast_builders.text_of(base.text, base.span)
        left.insert(0, ast.Entry(key=key, value=text, span=base.span))
        base = None
    shown = replace(
        section,
        value=ast_builders.text_of(name.text, name.span),
        entries=tuple(left),
        extends=base,
        override=False,
    )
    return role, functions, shown


def _functions(
    role: Role, conditions: list[ast.Expr], section: ast.Section
) -> tuple[ast.Function, ...]:
    name, at = role.name, role.name.span
    doc = section.doc or f"Whether the caller holds the role {name.text}."
    required = ast_builders.name(role.requirements, at)
    met = reduce(ast_builders.both, [*conditions, _of(Intrinsic.INHERITED_REQUIREMENTS, name)])
    bodies = {
        role.holder_check: ast_builders.both(
            _of(Intrinsic.GRANTED_ROLE, name), ast_builders.call(required, (), at)
        ),
        role.requirements: met,
    }
    return tuple(
        ast_builders.function(
            called,
            (),
            ast_builders.prelude_type("Bool", at),
            ast_builders.block(section.span, (), body),
            doc=doc,
            at=at,
            override=section.override,
        )
        for called, body in bodies.items()
    )


def _of(intrinsic: Intrinsic, role: ast.Ident) -> ast.Call:
    return ast_builders.call(
        ast_builders.name(intrinsic.value, role.span),
        [ast_builders.text_of(role.text, role.span)],
        role.span,
    )
