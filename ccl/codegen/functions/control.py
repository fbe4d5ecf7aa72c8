"""Blocks, branches and jumps. A branch that yields a reference yields an owned one."""

from ccl.codegen.function_builder import FunctionBuilder, Ownership
from ccl.codegen.functions import conditions, statements
from ccl.ir.layout import load, payload_offset, value_type
from ccl.ir.typed import Block, Expr, If, LocalGet, MatchTag, Require, Return, TagArm
from ccl.ir.types import Prim, Type, is_reference


def block(f: FunctionBuilder, node: Block) -> Ownership:
    height = f.height
    for statement in node.statements:
        statements.lower(f, statement)
    ownership = Ownership.PLAIN
    spare = None
    if node.value is not None:
        spare = _moved(f, node.value, height)
        if spare is not None:
            f.emit(f"local.get ${spare}")
            ownership = Ownership.OWNED
        else:
            ownership = _owned(f, node.value)
    f.end_scope(height, reachable=node.type is not Prim.NEVER, spare=spare)
    if node.type is Prim.NEVER:
        f.emit("unreachable")
    return ownership


def _moved(f: FunctionBuilder, value: Expr, height: int) -> str | None:
    """Returns the variable whose reference is moved out, because its scope ends here."""
    if isinstance(value, LocalGet) and f.owns(value.local, height):
        return f.name(value.local)
    return None


def _owned(f: FunctionBuilder, node: Expr) -> Ownership:
    """Lowers a value that outlives the variables around it."""
    f.own(node)
    return Ownership.of_fresh(node.type)


def branch(f: FunctionBuilder, node: If) -> Ownership:
    if conditions.is_compound(node.condition):
        _compound_branch(f, node)
    else:
        f.expr(node.condition)
        _open(f, "if", node.type)
        f.own(node.then)
        if node.otherwise is not None:
            f.emit("else")
            f.own(node.otherwise)
        f.emit("end")
    if node.type is Prim.NEVER:
        f.emit("unreachable")
    return Ownership.of_fresh(node.type)


def _compound_branch(f: FunctionBuilder, node: If) -> None:
    """Lowers a branch whose condition jumps from its parts."""
    end, otherwise = f.label("end"), f.label("else")
    if node.otherwise is not None:
        _open(f, f"block ${end}", node.type)
    f.emit(f"block ${otherwise}")
    conditions.unless(f, node.condition, otherwise)
    f.own(node.then)
    if node.otherwise is None:
        f.emit("end")
        return
    if node.then.type is not Prim.NEVER:
        f.emit(f"br ${end}")
    else:
        f.emit("unreachable")
    f.emit("end")
    f.own(node.otherwise)
    f.emit("end")


def _open(f: FunctionBuilder, word: str, kind: Type) -> None:
    shape = value_type(kind)
    f.emit(word if shape is None else f"{word} (result {shape})")


def match_tag(f: FunctionBuilder, node: MatchTag) -> Ownership:
    """Lowers to a chain of tests; the subject is retained during an arm, its payload borrowed."""
    f.own(node.subject)
    subject = f.spill(node.subject.type)
    end = f.label("matched")
    _open(f, f"block ${end}", node.type)
    arms = list(node.arms)
    exhaustive = node.otherwise is None
    for position, arm in enumerate(arms):
        last = exhaustive and position == len(arms) - 1
        if not last:
            f.emit(f"local.get ${subject.name}", "i64.load offset=8", f"i64.const {arm.tag}")
            f.emit("i64.eq", "if")
        _arm(f, arm, subject.name)
        if not last:
            if arm.body.type is not Prim.NEVER:
                f.emit(f"br ${end}")
            f.emit("end")
    if node.otherwise is not None:
        f.own(node.otherwise)
    f.emit("end")
    if node.type is Prim.NEVER:
        f.emit("unreachable")
        f.end_scope(f.height - 1, reachable=False)
        f.free_temporary(subject.name)
    else:
        f.release_spilled([subject])
    return Ownership.of_fresh(node.type)


def _arm(f: FunctionBuilder, arm: TagArm, subject: str) -> None:
    height = f.height
    for position, local in arm.bindings:
        if value_type(local.type) is None:
            continue
        f.emit(f"local.get ${subject}", load(local.type, payload_offset(position)))
        written = is_reference(local.type) and local.index in f.analyses.survey.written
        if written:
            f.retain()
        f.emit(f"local.set ${f.name(local)}")
        if written:
            f.declare(local)
    f.own(arm.body)
    f.end_scope(height, reachable=arm.body.type is not Prim.NEVER)


def leave(f: FunctionBuilder, node: Return) -> Ownership:
    spare = None
    if node.value is not None:
        spare = _moved(f, node.value, 0)
        if spare is not None:
            f.emit(f"local.get ${spare}")
        else:
            f.own(node.value)
    f.release_above(0, spare)
    f.emit(*f.leave, "return")
    return Ownership.PLAIN


def jump(f: FunctionBuilder, label: str) -> Ownership:
    f.release_above(f.loops[-1].height)
    f.emit(f"br ${label}")
    return Ownership.PLAIN


def require(f: FunctionBuilder, node: Require) -> Ownership:
    f.expr(node.condition)
    f.emit("i32.eqz", "if")
    if node.message is None:
        f.trap(node.span, node.reason, node.article)
    else:
        f.own(node.message)
        f.constant(f.site(node.span, node.reason, node.article))
        f.call("trap_with")
        f.emit("unreachable")
    f.emit("end")
    if node.type is Prim.NEVER:
        f.emit("unreachable")
    return Ownership.PLAIN
