"""Choices: parameters that take one of a few texts."""

from ccl.abi.text.suggest import nearest
from ccl.checking.core.environment import Body, invalid
from ccl.diagnostics.model import Edit, Fix
from ccl.ir import typed


def one_of(body: Body, node: typed.Expr, choices: tuple[str, ...], parameter: str) -> typed.Expr:
    """Reports a text constant that is not one of `choices`; other texts are left to the host."""
    if not isinstance(node, typed.TextConst) or node.value in choices:
        return node
    near = nearest(node.value, choices)
    body.sink.report(
        "CCL0430",
        node.span,
        value=node.value,
        parameter=parameter,
        choices=", ".join(f'"{each}"' for each in choices),
        fixes=(Fix(f'write "{near}"', (Edit(node.span, f'"{near}"'),)),) if near else (),
        nearest=near,
    )
    return invalid(node.span)
