"""Warnings about confusable names: names of mixed scripts, and pairs that look alike.

Both follow UTS #39, with the tables of `disarm`. A name is at least highly restrictive: of one
script, or of Latin and the scripts of Japanese, Chinese or Korean; digits and `_` belong to every
script. Names are confusable if their skeletons are equal, unless they differ only in case or are
both ASCII, whose letters are distinct in every programming font.

Rule: a file with ASCII names only, the common case, never loads the tables.
"""

from itertools import pairwise
from typing import Final

from ccl.diagnostics.model import Label, Sink
from ccl.parser.lexer.characters import called
from ccl.parser.lexer.lexer import lex
from ccl.parser.lexer.tokens import KEYWORDS
from ccl.prelude import library_index
from ccl.prelude.functions import CONSTANTS, FUNCTIONS, HOST_RECORDS, SPECIAL_FORMS
from ccl.source.spans import Source, Span

_WRITTEN_TOGETHER: Final = tuple(
    frozenset({"Latin", "Han", *others})
    for others in (("Hiragana", "Katakana"), ("Bopomofo",), ("Hangul",))
)


def warn_about_names(source: Source, sink: Sink) -> None:
    """Reports each name of the file once, at its first occurrence."""
    if source.text.isascii():
        return
    names = _names(source)
    if all(map(str.isascii, names)):
        return
    for name, span in names.items():
        if not name.isascii():
            _warn_about_scripts(name, span, sink)
    _warn_about_lookalikes(names, sink)


def _names(source: Source) -> dict[str, Span]:
    """Yields each name and quoted key of a file with its first occurrence."""
    found: dict[str, Span] = {}
    for token, following in pairwise(lex(source, Sink()).items):
        is_key = token.kind == "STRING" and following.kind == "COLON" and token.text.isidentifier()
        if token.kind == "NAME" or is_key:
            found.setdefault(token.text, Span(source.file, token.start, token.end))
    return found


def _warn_about_scripts(name: str, span: Span, sink: Sink) -> None:
    from disarm import detect_scripts

    scripts = [each.value for each in detect_scripts(name)]
    if len(scripts) < 2 or any(together.issuperset(scripts) for together in _WRITTEN_TOGETHER):
        return
    by_letter = {each: found[0].value for each in name if (found := detect_scripts(each))}
    written = [by_letter[each] for each in name if each in by_letter]
    rarest = min(scripts, key=written.count)
    letter = next(each for each in name if by_letter.get(each) == rarest)
    sink.report(
        "CCL0916",
        span,
        name=name,
        scripts=" and ".join((", ".join(scripts[:-1]), scripts[-1])),
        letter=letter,
        character=called(letter),
    )


def _warn_about_lookalikes(names: dict[str, Span], sink: Sink) -> None:
    from disarm import skeleton_key

    first: dict[tuple[str, bool], str] = {}
    """The first name of a skeleton that is ASCII, and the first that is not."""
    for name in (*_PRELUDE, *names):
        skeleton, is_ascii = skeleton_key(name, digit_policy="tr39"), name.isascii()
        for other_is_ascii in (True, False):
            other = first.get((skeleton, other_is_ascii))
            if other is None or (is_ascii and other_is_ascii):
                continue
            if other.casefold() == name.casefold():
                continue
            _report_lookalike(*((other, name) if is_ascii else (name, other)), names, sink)
            break
        if first.get((skeleton, is_ascii)) not in names:
            first[skeleton, is_ascii] = name


def _report_lookalike(name: str, other: str, names: dict[str, Span], sink: Sink) -> None:
    """Reports `name`, which is not ASCII, if it is confusable with another one."""
    place = names.get(other)
    letter = next((each for each in name if not each.isascii() and each not in other), name[0])
    sink.report(
        "CCL0917",
        names[name],
        name=name,
        other=other,
        letter=letter,
        character=called(letter),
        labels=() if place is None else (Label(place, f"`{other}` is here"),),
        advice="prelude" if place is None else None,
    )


_PRELUDE: Final = tuple(
    dict.fromkeys(
        (
            *KEYWORDS,
            *FUNCTIONS,
            *SPECIAL_FORMS,
            *CONSTANTS,
            *HOST_RECORDS,
            *library_index.FUNCTIONS,
        )
    )
)
