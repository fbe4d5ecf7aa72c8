"""Walking the typed tree: what is directly inside an expression, and where a place starts."""

from collections.abc import Iterator

from ccl.typed import (
    ArrayNew,
    Binary,
    Block,
    Break,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Continue,
    Convert,
    DataGet,
    DataNew,
    Evaluate,
    Expr,
    FieldGet,
    ForEach,
    ForPairs,
    If,
    IndexGet,
    IndexStep,
    Local,
    LocalGet,
    MatchTag,
    Require,
    Return,
    ScalarConst,
    SetLocal,
    SetState,
    ShortCircuit,
    StateGet,
    Statement,
    Store,
    StructNew,
    SubmitManifest,
    TextConst,
    Unary,
    UnitConst,
    VariantNew,
    While,
)


def children(node: Expr) -> Iterator[Expr]:
    """The expressions directly inside an expression, those of its statements included."""
    match node:
        case LocalGet() | StateGet() | ScalarConst() | TextConst() | UnitConst():
            return
        case Break() | Continue():
            return
        case FieldGet(base=base) | DataGet(base=base):
            yield base
        case IndexGet(base=base, index=index):
            yield base
            yield index
        case Binary(left=left, right=right) | ShortCircuit(left=left, right=right):
            yield left
            yield right
        case Convert(operand=operand) | Unary(operand=operand):
            yield operand
        case CallFunction(arguments=arguments) | CallBuiltin(arguments=arguments):
            for argument in arguments:
                yield argument.value
        case CallHost(arguments=values) | StructNew(values=values) | ArrayNew(elements=values):
            yield from values
        case VariantNew(payload=values) | Concat(parts=values):
            yield from values
        case SubmitManifest(fields=fields) | DataNew(fields=fields):
            for _, value in fields:
                yield value
        case Block(statements=statements, value=last):
            for statement in statements:
                yield from statement_children(statement)
            if last is not None:
                yield last
        case If(condition=condition, then=then, otherwise=otherwise):
            yield condition
            yield then
            if otherwise is not None:
                yield otherwise
        case Return(value=value):
            if value is not None:
                yield value
        case Require(condition=condition, message=message):
            yield condition
            if message is not None:
                yield message
        case MatchTag(subject=subject, arms=arms, otherwise=otherwise):
            yield subject
            for arm in arms:
                yield arm.body
            if otherwise is not None:
                yield otherwise


def statement_children(statement: Statement) -> Iterator[Expr]:
    match statement:
        case SetLocal(value=value) | SetState(value=value) | Evaluate(value=value):
            yield value
        case Store(steps=steps, value=value):
            for step in steps:
                if isinstance(step, IndexStep):
                    yield step.index
            yield value
        case While(condition=condition, body=body):
            yield condition
            yield body
        case ForEach(iterable=iterable, body=body) | ForPairs(iterable=iterable, body=body):
            yield iterable
            yield body


def everything(body: Expr) -> Iterator[Expr]:
    """The expression and all that is inside, at any depth, in no order."""
    pending = [body]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))


def root_of(node: Expr) -> LocalGet | StateGet | None:
    """Where a path of fields and indices starts, if it is a path."""
    while isinstance(node, FieldGet | IndexGet):
        node = node.base
    return node if isinstance(node, LocalGet | StateGet) else None


def place_root(node: Expr) -> Local | None:
    """The variable that a path of fields and indices starts at, if it is such a path."""
    root = root_of(node)
    return root.local if isinstance(root, LocalGet) else None
