"""Generation: a checked program to its module, which is held to the limits of the sandbox."""

from collections.abc import Sequence

from ccl.artifacts.compilation import Compilation, Compiled, Refused, Setting
from ccl.source.spans import Span
from ccl.version import VERSION


def generate(compilation: Compilation, setting: Setting) -> Compiled:
    """Generates the module of a program without errors; one that is refused is reported."""
    from ccl.artifacts.artifact import emit  # (checking alone does not load what generates)
    from runtime.content.cid import Codec, cid_of

    nothing = Compiled(compilation=compilation, wasm=None, wat=None, cid=None, packed=())
    program = compilation.program
    if program is None:
        return nothing
    names = compilation.names
    artifact = emit(
        program,
        names,
        source_cids={s.path: str(cid_of(s.text.encode(), Codec.RAW)) for s in names.sources},
        compiler_version=VERSION,
        cancellation=setting.cancellation,
    )
    refused = setting.admission(artifact.wasm)
    if refused is not None:
        _report_refused(compilation, artifact.places, refused)
        return nothing
    return Compiled(
        compilation=compilation,
        wasm=artifact.wasm,
        wat=artifact.wat,
        cid=str(cid_of(artifact.wasm, Codec.RAW)),
        packed=program.packed,
    )


def _report_refused(
    compilation: Compilation, places: Sequence[Span | None], refused: Refused
) -> None:
    """Reports the function that is refused, or the whole at the beginning of the file."""
    after = refused.functions_after
    span = places[-1 - after] if after is not None and after < len(places) else None
    assert compilation.module is not None, "a module is made from a tree"
    compilation.sink.report(
        "CCL0605",
        span or Span(compilation.module.span.file, 0, 0),
        reason=refused.reason,
        place="this program" if span is None else "this function",
        advice=None if span is None else "function",
    )
