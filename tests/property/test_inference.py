"""Types left out change nothing: programs as text, with and without annotations.

The oracle is the fully annotated program. What is taken away: types of parameters, results and
variables, in any subset. What is changed besides: the order of functions, and the forms that
literals and values stand in.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from ccl_machine import run
from effort import seeds

from ccl.checking.core.environment import Checker
from ccl.checking.functions.bodies import Entry
from ccl.checking.inference import elaboration
from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.pipeline import check_file, compile_text

PROGRAMS_PER_SEED = 8
_SCALARS = ("Integer", "Decimal", "Bool", "String", "Duration")
_TYPES = (
    *_SCALARS,
    "Array<Integer>",
    "Array<Decimal>",
    "Array<String>",
    "Option<Integer>",
    "Option<String>",
    "Map<String, Integer>",
    "Point",
    "Shape",
)
_DECLARED = """\
struct Point { x: Integer, label: String }
enum Shape { Dot, Line(Integer), Named(String) }
"""


@dataclass
class Function:
    name: str
    parameters: list[tuple[str, str]]
    result: str
    lines: list[str] = field(default_factory=list)
    value: str = ""


class Writer:
    """Writes well-typed functions; each calls only those written before it, so that all end."""

    def __init__(self, random: Random, *, forms: bool) -> None:
        self.random = random
        self.forms = forms
        self.functions: list[Function] = []
        self.scope: list[tuple[str, str]] = []
        self.count = 0

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def wrapped(self, text: str, kind: str) -> str:
        """The same value in another form."""
        other = self.plain(kind)
        form = self.pick(
            text,
            text,
            text,
            f"({text})",
            f"({{ let held = {text}; held }})",
            f"(if true {{ {text} }} else {{ {other} }})",
            f"(match 1 {{ 1 => {text}, _ => {other} }})",
            f"[{text}, {other}][0]",
        )
        return form if self.forms else text

    def plain(self, kind: str) -> str:
        n = self.random.randrange(1, 9)
        match kind:
            case "Integer":
                return str(n)
            case "Decimal":
                return f"{n}.5"
            case "Bool":
                return self.pick("true", "false")
            case "String":
                return f'"s{n}"'
            case "Duration":
                return f"{n}h"
            case "Point":
                return f'Point {{ x: {n}, label: "p{n}" }}'
            case "Shape":
                return self.pick("Shape::Dot", f"Shape::Line({n})", f'Shape::Named("n{n}")')
            case "Map<String, Integer>":
                return "counted()"
            case _ if kind.startswith("Array<"):
                part = kind[6:-1]
                return f"[{self.plain(part)}, {self.plain(part)}]"
            case _:
                return f"Some({self.plain(kind[7:-1])})"

    def expr(self, kind: str, depth: int) -> str:
        known = [name for name, each in self.scope if each == kind]
        roll = self.random.random()
        if depth == 0 or roll < 0.15:
            return self.random.choice(known) if known else self.wrapped(self.plain(kind), kind)
        if known and roll < 0.35:
            return self.random.choice(known)
        callees = [each for each in self.functions if each.result == kind]
        if callees and roll < 0.55:
            return self.call(self.random.choice(callees), depth)
        return self.wrapped(self.compound(kind, depth - 1), kind)

    def call(self, callee: Function, depth: int) -> str:
        given = [(name, self.expr(kind, depth - 1)) for name, kind in callee.parameters]
        if given and self.random.random() < 0.3:
            self.random.shuffle(given)
            return f"{callee.name}({', '.join(f'{name}: {text}' for name, text in given)})"
        return f"{callee.name}({', '.join(text for _, text in given)})"

    def compound(self, kind: str, depth: int) -> str:
        def sub(part: str) -> str:
            return self.expr(part, depth)

        ways = [
            lambda: f"(if {sub('Bool')} {{ {sub(kind)} }} else {{ {sub(kind)} }})",
            lambda: (
                f"(match {sub('Option<Integer>')} "
                f"{{ Some(n) if n > 3 => {sub(kind)}, _ => {sub(kind)} }})"
            ),
        ]
        match kind:
            case "Integer":
                ways += [
                    lambda: f"({sub('Integer')} {self.pick('+', '-')} {sub('Integer')})",
                    lambda: f"({sub('Integer')} * 2)",
                    lambda: f"{sub('Array<Integer>')}.length()",
                    lambda: f"{sub('Array<String>')}.length()",
                    lambda: f"{sub('Point')}.x",
                    lambda: f"{sub('Array<Integer>')}.map(e => e + 1).sum()",
                    lambda: f"{sub('Array<Integer>')}.fold({sub('Integer')}, (a, b) => a + b)",
                    lambda: (
                        f"(match {sub('Shape')} {{ Shape::Dot => 0, Shape::Line(n) => n, _ => 9 }})"
                    ),
                    lambda: f"(try {sub('Option<Integer>')} catch {sub('Integer')})",
                    lambda: f"{sub('Map<String, Integer>')}.size()",
                ]
            case "Decimal":
                ways += [
                    lambda: f"({sub('Decimal')} {self.pick('+', '-')} {sub('Decimal')})",
                    lambda: f"({sub('Decimal')} / {self.wrapped('4', 'Integer')})",
                    lambda: f"({self.wrapped('3', 'Integer')} + {sub('Decimal')})",
                    lambda: f"decimal({sub('Integer')})",
                ]
            case "Bool":
                part = self.pick("Integer", "Decimal", "Duration")
                ways += [
                    lambda: f"({sub(part)} {self.pick('<', '>=')} {sub(part)})",
                    lambda: f"({sub('String')} == {sub('String')})",
                    lambda: f"!({sub('Bool')})",
                    lambda: f"{sub('Array<Integer>')}.any(e => e > 3)",
                ]
            case "String":
                ways += [
                    lambda: f'"<\\({sub(self.pick(*_SCALARS))})>"',
                    lambda: f"({sub('String')} + {sub('String')})",
                    lambda: f"{sub('Point')}.label",
                    lambda: f'{sub("Array<String>")}.join("-")',
                ]
            case "Duration":
                ways += [
                    lambda: f"({sub('Duration')} + {sub('Duration')})",
                    lambda: f"({sub('Duration')} * 2)",
                ]
            case "Point":
                ways += [lambda: f"Point {{ x: {sub('Integer')}, label: {sub('String')} }}"]
            case "Shape":
                ways += [lambda: f"Shape::Line({sub('Integer')})"]
            case "Map<String, Integer>":
                return "counted()"
            case _ if kind.startswith("Array<"):
                part = kind[6:-1]
                ways += [
                    lambda: f"[{sub(part)}, {sub(part)}]",
                    lambda: f"{sub(kind)}.filter(_e => true)",
                ]
            case _:
                ways += [lambda: f"Some({sub(kind[7:-1])})"]
        return self.random.choice(ways)()

    def function(self, number: int) -> Function:
        self.scope = [
            (f"p{i}", self.random.choice(_TYPES)) for i in range(self.random.randrange(4))
        ]
        made = Function(f"f{number}", list(self.scope), self.random.choice(_TYPES))
        for i in range(self.random.randrange(3)):
            kind = self.random.choice(_TYPES)
            made.lines.append(f"let v{i}: {kind} = {self.expr(kind, 2)};")
            self.scope.append((f"v{i}", kind))
        made.value = self.expr(made.result, 2)
        return made

    def program(self) -> None:
        for number in range(self.random.randrange(2, 6)):
            self.functions.append(self.function(number))


def written(functions: list[Function], random: Random, keep: float) -> str:
    """The program; each annotation stays with the probability `keep`."""

    def kept() -> bool:
        return random.random() < keep

    texts = [
        _DECLARED,
        "fn counted() -> Map<String, Integer> { let m: Map<String, Integer> = map_new(); m }\n",
    ]
    for each in functions:
        parameters = ", ".join(
            f"{name}: {kind}" if kept() else name for name, kind in each.parameters
        )
        result = f" -> {each.result}" if kept() else ""
        lines = [line if kept() else _without_type(line) for line in each.lines]
        body = "\n  ".join([*lines, each.value])
        texts.append(f"fn {each.name}({parameters}){result} {{\n  {body}\n}}\n")
    return "\n".join(texts)


def _without_type(line: str) -> str:
    name, _, rest = line.partition(":")
    return f"{name} ={rest.partition(' =')[2]}"


def execution(writer: Writer) -> str:
    """Calls everything, so that every parameter is decided by the body or a call."""
    writer.scope = []
    calls = [f"let r_{f.name}: {f.result} = {writer.call(f, 1)};" for f in writer.functions]
    values = ", ".join(f"{f.name}: r_{f.name}" for f in writer.functions)
    return "execution {\n  " + "\n  ".join(calls) + f"\n  data({{ {values} }})\n}}\n"


def made(seed: int, *, forms: bool) -> tuple[list[Function], str]:
    writer = Writer(Random(seed), forms=forms)
    writer.program()
    return writer.functions, execution(writer)


def outcome(text: str) -> object:
    """The value, or the reason of a trap, or the codes of what is wrong."""
    compiled = compile_text(text, path="generated.ccl")
    if compiled.wasm is None:
        return sorted({each.code for each in compiled.compilation.sink.diagnostics})
    ran = run(compiled.wasm)
    return ran.outcome if ran.output is None else ran.output


def erased(seed: int, *, keep: float) -> str:
    """The program with forms, fewer annotations and its functions in another order."""
    random = Random(seed)
    functions, calls = made(seed, forms=True)
    random.shuffle(functions)
    return written(functions, random, keep) + "\n" + calls


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_erased_annotations_change_nothing(seed: int) -> None:
    for number in range(seed * PROGRAMS_PER_SEED, (seed + 1) * PROGRAMS_PER_SEED):
        functions, calls = made(number, forms=False)
        whole = written(functions, Random(number), 1.0) + "\n" + calls
        expected = outcome(whole)
        assert isinstance(expected, bytes), whole
        for keep in (1.0, 0.5, 0.0):
            text = erased(number, keep=keep)
            assert outcome(text) == expected, text


# --- files ------------------------------------------------------------------------------

LIBRARY = """\
fn area(w, h) {{ w * h }}
fn named(x) {{ {open} }}
fn _uses() -> Decimal {{ area(1.5, 2) }}
"""
IMPORTERS = (
    "execution { lib.area(1.5, 2.0) }",
    "execution { lib.area(3, 4) }",
    "execution { lib.named(3); lib.area(1.5, 1) }",
    'execution { lib.named("x") }',
)


def seen_of_library(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """What is inferred and reported of `lib.ccl`, whichever file is checked."""
    checkers: list[Checker] = []
    check_bodies = elaboration.check_bodies

    def noting(
        checker: Checker, entries: tuple[Entry, ...], sink: Sink
    ) -> dict[str, typed.Function]:
        checkers.append(checker)
        return check_bodies(checker, entries, sink)

    with monkeypatch.context() as patched:
        patched.setattr(elaboration, "check_bodies", noting)
        compilation = check_file(root)
    paths = compilation.sources
    signatures = sorted(
        (
            each.item.name.text,
            [str(kind) for kind in each.parameters],
            str(each.result),
            sorted(each.mutated),
        )
        for each in checkers[0].signatures.values()
        if paths.of(each.item.span).path.endswith("lib.ccl") and not each.types
        if each.made_from is None
    )
    reported = sorted(
        (each.code, each.span.start)
        for each in compilation.sink.diagnostics
        if paths.of(each.span).path.endswith("lib.ccl") and not each.code.startswith("CCL09")
    )
    interface = next(
        compilation.interface_of(each.file).cid
        for each in paths.sources
        if each.path.endswith("lib.ccl")
    )
    return signatures, reported, interface


@pytest.mark.parametrize("importer", IMPORTERS)
@pytest.mark.parametrize("body", ["x", "x + 1", "x.length()", '"\\(x)"', "area(x, 2)"])
def test_file_is_the_same_with_and_without_importers(
    importer: str, body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib, main = tmp_path / "lib.ccl", tmp_path / "main.ccl"
    lib.write_text(LIBRARY.format(open=body), encoding="utf-8")
    main.write_text(f'import "./lib.ccl" as lib;\n{importer}\n', encoding="utf-8")
    assert seen_of_library(main, monkeypatch) == seen_of_library(lib, monkeypatch)


_OF_LIBRARY = re.compile(r"\b(Point|Shape|counted\(|f\d+\()(::)?")


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_generated_files_are_the_same_with_and_without_importers(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib, main = tmp_path / "lib.ccl", tmp_path / "main.ccl"
    for number in range(seed * PROGRAMS_PER_SEED, (seed + 1) * PROGRAMS_PER_SEED):
        random = Random(number)
        functions, calls = made(number, forms=True)
        random.shuffle(functions)
        lib.write_text(written(functions, random, number % 3 / 2), encoding="utf-8")
        imported = _OF_LIBRARY.sub(lambda each: f"lib{each[2] or '.'}{each[0]}", calls)
        main.write_text(f'import "./lib.ccl" as lib;\n{imported}', encoding="utf-8")
        alone = seen_of_library(lib, monkeypatch)
        assert seen_of_library(main, monkeypatch) == alone, (lib.read_text(), imported)
