"""Citations of the charter's articles."""

from ccl.abi.text.suggest import nearest
from ccl.checking.core.environment import Checker
from ccl.source.spans import Span


def cite(checker: Checker, article: str, span: Span) -> None:
    """Records the citation of an article; reports one that the charter does not have."""
    charter = checker.charter
    charter.citations[span] = article
    known = {**charter.articles, **charter.imported.get(span.file, {})}
    if article not in known:
        checker.sink.report("CCL0312", span, number=article, nearest=nearest(article, known))
