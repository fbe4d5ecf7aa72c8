"""Names that the host passes to handlers: events of jobs, and the fields of their `ctx`.

A name close to one of these is a misspelling. Others are free: a handler may be called by its entry
with any context.
"""

from ccl.abi.events import JOB_EVENTS, JOB_FIELDS, JOB_PREFIX
from ccl.abi.text.suggest import nearest
from ccl.checking.core.environment import Body
from ccl.checking.core.variables import Variable
from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.ir import typed
from ccl.source.spans import Span
from ccl.syntax import ast


def check_event(sink: Sink, event: str, span: Span) -> None:
    """Reports a handler whose event is a misspelt event of the host."""
    if event in JOB_EVENTS:
        return
    near = nearest(event, JOB_EVENTS)
    if near is None and not event.startswith(JOB_PREFIX):
        return
    fixes = () if near is None else (Fix(f'write "{near}"', (Edit(span, f'"{near}"'),)),)
    advice = None if near is not None else "job"
    sink.report("CCL0345", span, event=event, nearest=near, advice=advice, fixes=fixes)


def check_field(body: Body, base: typed.Expr, name: ast.Ident, *, quoted: bool = False) -> None:
    """Reports a misspelt field of `ctx` in the handler of a job's event."""
    if body.job_event is None or name.text in JOB_FIELDS:
        return
    if not isinstance(base, typed.LocalGet) or base.local != body.locals[0]:
        return
    near = nearest(name.text, JOB_FIELDS)
    if near is None or _is_assigned(body.variables[0]):
        return
    written = f'"{near}"' if quoted else near
    body.sink.report(
        "CCL0346",
        name.span,
        name=name.text,
        event=body.job_event,
        nearest=near,
        fields=", ".join(f"`{each}`" for each in JOB_FIELDS),
        fixes=(Fix(f"write `{near}`", (Edit(name.span, written),)),),
    )


def _is_assigned(context: Variable) -> bool:
    """Returns whether the program has assigned another value in place of the host's."""
    reads = set(context.reads)
    return any(each.start not in reads for each in context.mentions[1:])
