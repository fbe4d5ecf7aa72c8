"""Arguments that the charter gives to `submit_job`."""

from ccl.checking.core.unification import prune
from ccl.ir import typed
from ccl.ir.charter import Charter, Property, Tree, is_conditional
from ccl.ir.typed import NumberUnit
from ccl.ir.types import Prim


def job_defaults(charter: Charter, resource_type: str | None) -> dict[str, typed.Expr]:
    """Arguments of `submit_job` that the charter gives, by name."""
    found = dict(charter.defaults)
    resources = charter.root.named("resources")
    if resource_type is None and isinstance(kind := found.get("resource_type"), typed.TextConst):
        resource_type = kind.value
    if resource_type is not None and resources and isinstance(resources[0], Tree):
        amounts = resources[0].named(resource_type)
        if len(amounts) == 1 and isinstance(amounts[0], Property):
            constant, value = amounts[0].constant, amounts[0].node.value
            plain = isinstance(value, typed.CharterNumber) and value.unit is NumberUnit.PLAIN
            if is_conditional(amounts[0]) or is_conditional(resources[0]):
                return found
            if plain and constant is not None and prune(constant.type) is Prim.INTEGER:
                found.setdefault("resource_amount", constant)
    return found
