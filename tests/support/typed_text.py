"""A typed tree as text close to the source, for tests that show what a pass does to it."""

from collections.abc import Iterator
from typing import assert_never

from ccl.ir import typed as t
from ccl.ir.types import Prim


def text_of(function: t.Function) -> str:
    names = ", ".join(parameter.name for parameter in function.parameters)
    return "\n".join([f"fn {function.name}({names}) {{", *_lines(function.body, 1), "}"])


def program_text(program: t.Program) -> str:
    """Exports and functions, in the order of the program."""
    exports = [f"export {each.name} = {_short(each.function)}" for each in program.exports]
    functions = [f"// {_short(name)}\n{text_of(each)}" for name, each in program.functions.items()]
    return "\n\n".join(["\n".join(exports), *functions])


def _short(name: str) -> str:
    return name.rsplit("::", maxsplit=1)[-1]


def _lines(block: t.Block, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for statement in block.statements:
        yield pad + _statement(statement, depth)
    if block.value is not None:
        yield f"{pad}{_text(block.value, depth)}"


def _statement(statement: t.Statement, depth: int) -> str:
    def inner(part: t.Expr) -> str:
        return _text(part, depth)

    match statement:
        case t.SetLocal(local=local, value=value):
            return f"{local.name} = {inner(value)};"
        case t.SetState(state=state, value=value):
            return f"state {_short(state)} = {inner(value)};"
        case t.Store(root=root, steps=steps, op=op, value=value):
            name = _short(root.state) if isinstance(root, t.StateGet) else root.name
            path = "".join(
                f"[{inner(each.index)}]" if isinstance(each, t.IndexStep) else f".{each.index}"
                for each in steps
            )
            return f"{name}{path} {op.value if op else ''}= {inner(value)};"
        case t.Evaluate(value=value):
            return f"{inner(value)};"
        case t.While(condition=condition, body=body):
            return f"while {inner(condition)} {inner(body)}"
        case t.ForEach(item=item, iterable=iterable, body=body):
            return f"for {item.name} in {inner(iterable)} {inner(body)}"
        case t.ForPairs(key=key, value=item, iterable=iterable, body=body):
            return f"for {key.name}, {item.name} in {inner(iterable)} {inner(body)}"
        case _:
            assert_never(statement)


def _text(node: t.Expr, depth: int) -> str:
    def inner(part: t.Expr) -> str:
        return _text(part, depth)

    def listed(parts: tuple[t.Expr, ...]) -> str:
        return ", ".join(map(inner, parts))

    match node:
        case t.ScalarConst(value=value, type=kind):
            return str(bool(value)).lower() if kind is Prim.BOOL else str(value)
        case t.TextConst(value=text):
            return f'"{text}"'
        case t.UnitConst():
            return "()"
        case t.ErrorExpr():
            return "?"
        case t.LocalGet(local=local):
            return local.name
        case t.StateGet(state=state):
            return f"state {_short(state)}"
        case t.FieldGet(base=base, index=number):
            return f"{inner(base)}.{number}"
        case t.DataGet(base=base, name=name):
            return f"{inner(base)}.{name}"
        case t.IndexGet(base=base, index=index):
            return f"{inner(base)}[{inner(index)}]"
        case t.StructNew(values=values, type=kind):
            return f"{kind} {{ {listed(values)} }}"
        case t.VariantNew(tag=tag, payload=payload, type=kind):
            return f"{kind}#{tag}({listed(payload)})"
        case t.ArrayNew(elements=elements):
            return f"[{listed(elements)}]"
        case t.Binary(op=op, left=left, right=right):
            return f"({inner(left)} {op.value} {inner(right)})"
        case t.ShortCircuit(is_and=is_and, left=left, right=right):
            return f"({inner(left)} {'&&' if is_and else '||'} {inner(right)})"
        case t.Unary(op=op, operand=operand):
            return f"{op.value}{inner(operand)}"
        case t.Convert(conversion=conversion, operand=operand, type=kind):
            if conversion in (t.Conversion.IS_OK, t.Conversion.IS_SOME, t.Conversion.UNWRAP_OK):
                return f"{conversion.name.lower()}({inner(operand)})"
            return f"{kind}({inner(operand)})"
        case t.Concat(parts=parts):
            return f"concat({listed(parts)})"
        case t.CallFunction(function=name, arguments=arguments):
            return f"{_short(name)}({', '.join(inner(a.value) for a in arguments)})"
        case t.CallBuiltin(builtin=builtin, arguments=arguments):
            return f"{builtin.value}({', '.join(inner(a.value) for a in arguments)})"
        case t.CallHost(call=name, arguments=values):
            return f"{name}({listed(values)})"
        case t.SubmitManifest(fields=fields) | t.DataNew(fields=fields):
            inside = ", ".join(f"{key}: {inner(value)}" for key, value in fields)
            return f"{type(node).__name__} {{ {inside} }}"
        case t.Block():
            lines = list(_lines(node, depth + 1))
            return "\n".join(["{", *lines, "  " * depth + "}"]) if lines else "{}"
        case t.If(condition=condition, then=then, otherwise=otherwise):
            text = f"if {inner(condition)} {inner(then)}"
            return text if otherwise is None else f"{text} else {inner(otherwise)}"
        case t.MatchTag(subject=subject, arms=arms, otherwise=otherwise):
            lines = [f"match {inner(subject)} {{"]
            for arm in arms:
                names = ", ".join(local.name for _, local in arm.bindings)
                lines.append(
                    f"{'  ' * (depth + 1)}#{arm.tag}({names}) {_text(arm.body, depth + 1)}"
                )
            if otherwise is not None:
                lines.append(f"{'  ' * (depth + 1)}else {_text(otherwise, depth + 1)}")
            return "\n".join([*lines, "  " * depth + "}"])
        case t.Return(value=given):
            return "return" if given is None else f"return {inner(given)}"
        case t.Break():
            return "break"
        case t.Continue():
            return "continue"
        case t.Require(condition=condition, message=message, reason=reason):
            said = f'"{reason}"' if message is None else inner(message)
            return f"require({inner(condition)}, {said})"
        case _:
            assert_never(node)
