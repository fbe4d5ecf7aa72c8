"""Warnings about `let` where a variable of the same name and type is assigned."""

from ccl.checking.core.environment import Body
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.source.spans import Span
from ccl.syntax import ast


def report_assigning_lets(body: Body) -> None:
    """Reports one warning per variable, with one fix for all of its sites."""
    for variable in body.variables:
        lets = variable.assigning_lets
        if not lets:
            continue
        name = variable.local.name
        body.sink.report(
            "CCL0901",
            lets[0].name.span,
            name=name,
            labels=(
                Label(variable.local.span, "declared here"),
                *(Label(let.name.span, "assigned again here") for let in lets[1:]),
            ),
            fixes=(
                Fix(
                    f"write `{name} = …`",
                    tuple(edit for let in lets for edit in without_let(let)),
                    safe=True,
                ),
            ),
        )


def without_let(let: ast.Let) -> tuple[Edit, ...]:
    file = let.span.file
    keyword = Edit(Span(file, let.span.start, let.name.span.start), "")
    if let.type is None:
        return (keyword,)
    return (keyword, Edit(Span(file, let.name.span.end, let.type.span.end), ""))
