"""The module as a file: sections, exports, reachable functions, reproducible bytes."""

import subprocess
import sys
from pathlib import Path

import wasmtime
from typed_trees import (
    INT,
    SPAN,
    STRING,
    TEXT,
    Host,
    Running,
    array,
    block,
    build,
    call,
    function,
    get,
    integer,
    local,
    op,
    program,
    text,
)

from ccl.abi.sections import Abi, sites_from_value
from ccl.artifacts.artifact import emit
from ccl.ir import typed as t
from ccl.ir.types import Array, Map, Prim, Struct, StructDef
from ccl.source.spans import FileId, SourceMap, Span
from ccl.wasm.routines import closure, routines
from runtime.content.codec import decode

N = local(0, INT, "n")


def _sections(wasm: bytes) -> dict[str, bytes]:
    """Custom sections by name."""

    def number(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = wasm[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value, at

    found: dict[str, bytes] = {}
    at = 8
    while at < len(wasm):
        kind = wasm[at]
        size, body = number(at + 1)
        if kind == 0:
            length, start = number(body)
            found[wasm[start : start + length].decode()] = wasm[start + length : body + size]
        at = body + size
    return found


def test_sections_agree_with_the_artifact() -> None:
    sources = SourceMap()
    sources.add("dir/a.ccl", TEXT)
    second_line = Span(FileId(0), 18, 22)
    checked = t.Binary(op=t.BinaryOp.DIVIDE, left=get(N), right=get(N), type=INT, span=second_line)
    box = Struct("Box", "Box")
    echo = function("echo", [local(0, box, "box")], block([], get(local(0, box, "box"))))
    tree = program(
        function("f", [N], block([], checked)),
        echo,
        structs=[StructDef(box, (("m", Map(STRING, INT)),))],
    )
    artifact = emit(tree, sources, source_cids={"dir/a.ccl": "cid"}, compiler_version="1.2")
    sections = _sections(artifact.wasm)
    assert Abi.from_value(decode(sections["ccl:abi"])) == artifact.abi
    assert artifact.abi.structs == {"Box": (("m", "Map<String, Integer>"),)}
    assert [(e.name, e.convention) for e in artifact.abi.exports] == [
        ("f", "direct"),
        ("echo", "packed"),
    ]
    assert sites_from_value(decode(sections["ccl:sites"])) == artifact.sites
    (zero,) = [site for site in artifact.sites if site.reason == "division by zero"]
    assert (zero.file, zero.line, zero.column, zero.end_column) == ("dir/a.ccl", 2, 8, 12)
    assert decode(sections["ccl:source"]) == {"compiler": "1.2", "sources": {"dir/a.ccl": "cid"}}
    assert "ccl:packed" not in sections
    assert b"echo" in sections["name"]


def test_packed_modules_are_in_their_section() -> None:
    tree = program(function("f", [], block([], integer(1))))
    packed = (t.PackedModule(path="b.ccl", cid="bafk", wasm=b"\0asm"),)
    tree = t.Program(
        functions=tree.functions,
        exports=tree.exports,
        structs={},
        enums={},
        charter=(),
        packed=packed,
    )
    assert decode(_sections(build(tree).wasm)["ccl:packed"]) == {"bafk": b"\0asm"}


def test_unreachable_functions_are_left_out() -> None:
    used = function("used", [N], block([], op("+", get(N), get(N))))
    main = function("f", [N], block([], call("used", INT, get(N))))
    dead = function("dead", [], block([], array(STRING, text("secret"))))
    wat = build(program(used, main, dead, exports=["f"])).wat
    assert "$fn.used" in wat
    assert "$fn.dead" not in wat
    assert "secret" not in wat
    assert "$allocate" not in wat


def test_names_invalid_in_the_text_format_are_replaced() -> None:
    parameter = local(0, INT, "सदस्य")
    tree = function("समिति", [parameter], block([], op("*", get(parameter), integer(2))))
    running = Running(build(program(tree)))
    assert running.call("समिति", 21) == 42
    assert "समिति".encode() in _sections(running.artifact.wasm)["name"]


def test_every_routine_of_the_library_is_valid() -> None:
    known = routines()
    globals_ = {"ccl_site", "ccl_detail_ptr", "ccl_detail_len"}
    assert {use for routine in known.values() for use in routine.uses} <= set(known) | globals_
    declared = "".join(f"(global ${name} (mut i32) (i32.const 0))" for name in sorted(globals_))
    body = "\n".join(routine.text for routine in closure(known))
    table = "(table 1 funcref) (elem (i32.const 0) $trap)"
    module = wasmtime.wat2wasm(f"(module (memory 1) {table} {declared} {body})")
    wasmtime.Module.validate(wasmtime.Engine(), module)


# --- the charter ------------------------------------------------------------------------


def _property(key: str, value: t.CharterValue) -> t.CharterProperty:
    return t.CharterProperty(key=key, key_span=SPAN, value=value, span=SPAN)


def _section(key: str, label: str | None, *entries: t.CharterNode) -> t.CharterSection:
    value = None if label is None else t.CharterText(value=label, symbol=False, span=SPAN)
    return t.CharterSection(key=key, key_span=SPAN, value=value, entries=entries, span=SPAN)


def test_charter_is_replayed_in_order() -> None:
    share = t.CharterNumber(value="0.66", unit=t.NumberUnit.PLAIN, span=SPAN)
    percent = t.CharterNumber(value=50, unit=t.NumberUnit.PERCENT, span=SPAN)
    seats = t.CharterNumber(value=3, unit=t.NumberUnit.PLAIN, span=SPAN)
    allowed = t.CharterText(value="allowed", symbol=True, span=SPAN)
    items = t.CharterList(items=(t.CharterBool(value=True, span=SPAN), allowed), span=SPAN)
    nested = t.CharterObject(entries=(_property("a", seats),), span=SPAN)
    charter = [
        _property("title", t.CharterText(value="Bylaws", symbol=False, span=SPAN)),
        _section(
            "election",
            "board",
            _property("version", t.CharterText(value="1.0.0", symbol=False, span=SPAN)),
            _property("seats", seats),
            _section("quorum", None, _property("share", share), _property("of", percent)),
        ),
        _property("list", items),
        _property("object", nested),
    ]
    host = Host()
    running = Running(build(program(charter=charter)), host)
    running.call("charter")
    replayed = [
        (name.removeprefix("host_"), *(decode(a) if isinstance(a, bytes) else a for a in given))
        for name, given in host.calls
    ]
    assert replayed == [
        ("set_property", "title", "Bylaws"),
        ("begin_section", "election", "board"),
        ("set_property", "version", "1.0.0"),
        ("set_property", "seats", 3),
        ("begin_section", "quorum", None),
        ("set_property", "share", {"unit": "", "value": "0.66"}),
        ("set_property", "of", {"unit": "%", "value": 50}),
        ("end_section",),
        ("end_section",),
        ("set_property", "list", [True, "allowed"]),
        ("set_property", "object", {"entries": [["property", "a", 3]]}),
    ]
    (export,) = running.artifact.abi.exports
    assert (export.name, export.convention, export.result) == ("charter", "direct", "Unit")


def test_program_without_declarations_has_no_charter() -> None:
    artifact = build(program(function("f", [], block([], integer(1)))))
    assert [export.name for export in artifact.abi.exports] == ["f"]


# --- reproducible -----------------------------------------------------------------------

_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from typed_trees import *
from ccl.ir.types import Array, Map
kinds = [Array(STRING), Map(STRING, INT), Map(INT, Array(BOOL)), Prim.DATA]
tree = program(*(
    function(f"f{n}", [local(0, kind)], block([], get(local(0, kind))))
    for n, kind in enumerate(kinds)
))
sys.stdout.buffer.write(build(tree).wasm)
"""


def test_same_program_compiles_to_the_same_bytes_in_every_process() -> None:
    support = Path(__file__).parents[1] / "support"
    made = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(support)],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert made.pop().startswith(b"\0asm")


def test_types_are_named_in_the_text() -> None:
    kind = Array(Map(STRING, Prim.DECIMAL))
    wat = build(program(function("f", [local(0, kind)], block([], get(local(0, kind)))))).wat
    assert "(func $release.Array<Map<String_Decimal>>" in wat
