"""A typed tree as text close to the source, for tests that show what a pass does to it."""

from collections.abc import Iterator

from ccl.ir import typed as t


def text_of(function: t.Function) -> str:
    names = ", ".join(parameter.name for parameter in function.parameters)
    return "\n".join([f"fn {function.name}({names}) {{", *_lines(function.body, 1), "}"])


def _lines(block: t.Block, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for statement in block.statements:
        match statement:
            case t.SetLocal(local=local, value=value):
                yield f"{pad}{local.name} = {_text(value, depth)};"
            case t.Store(root=root, op=op, value=value):
                yield f"{pad}{root.name}… {op.value if op else ''}= {_text(value, depth)};"
            case t.Evaluate(value=value):
                yield f"{pad}{_text(value, depth)};"
            case t.While(condition=condition, body=body):
                yield f"{pad}while {_text(condition, depth)} {_text(body, depth)}"
            case t.ForEach(item=item, iterable=iterable, body=body):
                yield f"{pad}for {item.name} in {_text(iterable, depth)} {_text(body, depth)}"
            case t.ForPairs(key=key, value=item, iterable=iterable, body=body):
                over = _text(iterable, depth)
                yield f"{pad}for {key.name}, {item.name} in {over} {_text(body, depth)}"
    if block.value is not None:
        yield f"{pad}{_text(block.value, depth)}"


def _text(node: t.Expr, depth: int) -> str:
    def inner(part: t.Expr) -> str:
        return _text(part, depth)

    match node:
        case t.ScalarConst(value=value, type=kind):
            return str(bool(value)).lower() if str(kind) == "Bool" else str(value)
        case t.TextConst(value=text):
            return f'"{text}"'
        case t.UnitConst():
            return "()"
        case t.LocalGet(local=local):
            return local.name
        case t.Binary(op=op, left=left, right=right):
            return f"({inner(left)} {op.value} {inner(right)})"
        case t.ShortCircuit(is_and=is_and, left=left, right=right):
            return f"({inner(left)} {'&&' if is_and else '||'} {inner(right)})"
        case t.Unary(op=op, operand=operand):
            return f"{op.value}{inner(operand)}"
        case t.Convert(operand=operand, type=kind):
            return f"{kind}({inner(operand)})"
        case t.Concat(parts=parts):
            return f"concat({', '.join(map(inner, parts))})"
        case t.CallFunction(function=name, arguments=arguments):
            return f"{name.split('::')[-1]}({', '.join(inner(a.value) for a in arguments)})"
        case t.CallBuiltin(builtin=builtin, arguments=arguments):
            return f"{builtin.value}({', '.join(inner(a.value) for a in arguments)})"
        case t.CallHost(call=name, arguments=values):
            return f"{name}({', '.join(map(inner, values))})"
        case t.Block():
            lines = list(_lines(node, depth + 1))
            return "\n".join(["{", *lines, "  " * depth + "}"]) if lines else "{}"
        case t.If(condition=condition, then=then, otherwise=otherwise):
            text = f"if {inner(condition)} {inner(then)}"
            return text if otherwise is None else f"{text} else {inner(otherwise)}"
        case t.Return(value=given):
            return "return" if given is None else f"return {inner(given)}"
        case t.Require(condition=condition, message=message):
            told = "" if message is None else f", {inner(message)}"
            return f"require({inner(condition)}{told})"
        case _:
            return type(node).__name__
