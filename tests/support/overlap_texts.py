"""Programs of `overlap_programs` as text."""

from typing import Any

from overlap_programs import Function

MODULUS = 1_000_003
HEADER = """\
struct Box { items: Array<Integer>, rows: Array<Array<Integer>>, n: Integer }
state kept: Box = Box { items: [1, 2, 3], rows: [[4, 5], [6]], n: 7 };
fn items_of(box: Box) -> Array<Integer> { box.items }
fn each(list: Array<Integer>, act) -> Integer {
  let t = 0;
  for one in list { t += act(one); }
  list.push(t);
  t
}
"""
TYPES = {"row": "Array<Integer>", "rows": "Array<Array<Integer>>", "box": "Box", "n": "Integer"}


def literal(value: Any) -> str:
    match value:
        case dict():
            inside = ", ".join(f"{name}: {literal(each)}" for name, each in value.items())
            return f"Box {{ {inside} }}"
        case list():
            return f"[{', '.join(literal(each) for each in value)}]"
        case _:
            return str(value)


def shown(node: Any) -> str:
    match node:
        case ("place", root, steps):
            inner = [f".{s}" if isinstance(s, str) else f"[{at(s[1])}]" for s in steps]
            return "".join([root, *inner])
        case ("new", value):
            return literal(value)
        case ("part", box):
            return f"items_of({shown(box)})"
        case (("pop" | "length") as method, place):
            return f"{shown(place)}.{method}()"
        case ("first", place):
            return f"{shown(place)}[0]"
        case ("add", left, right):
            return f"({shown(left)} + {shown(right)})"
        case ("block", change, value):
            return f"({{ {stated(change)} {shown(value)} }})"
        case ("each", row, name, body):
            return f"each({shown(row)}, {name} => {shown(body)})"
        case ("call", name, (first, *rest), "method", _):
            return f"{shown(first)}.{name}({', '.join(map(shown, rest))})"
        case ("call", name, arguments, "named", order):
            listed = (f"p{name[1:]}{n}: {shown(arguments[n])}" for n in order)
            return f"{name}({', '.join(listed)})"
        case ("call", name, arguments, _, _):
            return f"{name}({', '.join(map(shown, arguments))})"
    raise AssertionError(node)


def at(index: Any) -> str:
    return str(index) if isinstance(index, int) else shown(index)


def digest(name: str, kind: str) -> str:
    return {
        "row": f"{name}.length()",
        "rows": f"{name}.length() * 10 + {name}[0].length()",
        "box": f"{name}.items.length() * 100 + {name}.rows.length() * 10 + {name}.n",
        "n": name,
    }[kind]


def stated(node: Any) -> str:
    match node:
        case ("total", value):
            return f"t = (t * 7 + {shown(value)}) % {MODULUS};"
        case ("digest", name, kind):
            return f"t = (t * 7 + {digest(name, kind)}) % {MODULUS};"
        case ("push", place, value):
            return f"{shown(place)}.push({shown(value)});"
        case ("set", place, value):
            return f"{shown(place)} = {shown(value)};"
        case ("let", name, value, _):
            return f"let {name} = {shown(value)};"
        case ("for", name, rows, body):
            return f"for {name} in {shown(rows)} {{ {' '.join(map(stated, body))} }}"
        case ("some", name, value, body):
            inside = " ".join(map(stated, body))
            return f"match Some({shown(value)}) {{ Some({name}) => {{ {inside} }} None => {{ }} }}"
    raise AssertionError(node)


def text_of(functions: list[Function], body: list[Any]) -> str:
    lines = [HEADER]
    for each in functions:
        parameters = ", ".join(f"{name}: {TYPES[kind]}" for name, kind in each.parameters)
        inside = "\n  ".join(map(stated, each.body))
        lines.append(
            f"fn {each.name}({parameters}) -> Integer {{\n  let t = 1; let i = t % 2;\n  {inside}"
            "\n  t\n}"
        )
    inside = "\n  ".join(map(stated, body))
    lines.append(f"execution {{\n  let t = 1; let i = t % 2;\n  {inside}\n")
    lines.append(f"  {stated(('digest', 'kept', 'box'))}\n  t\n}}\n")
    return "\n".join(lines)
