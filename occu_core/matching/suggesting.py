"""Occupations to suggest while somebody types what a job is called."""

from __future__ import annotations

from occu_core.matching.features import is_readable
from occu_core.matching.matcher import Sureness, TitleMatcher
from occu_core.occupations import Occupation, Taxonomy


def suggest(
    text: str, matcher: TitleMatcher | None, taxonomy: Taxonomy, limit: int
) -> list[Occupation]:
    """What the typed words may mean, the likeliest first; without a matcher, by spelling alone.

    An answer without a job comes first. Where the matcher doubts, as of half a word, titles that
    are spelled alike come before its own.
    """
    alike = taxonomy.search(text, limit)
    if matcher is None or not is_readable(text):
        return alike
    match = matcher.match([text], limit)[0]
    meant = [one.occupation for one in match.ranked]
    doubtful = match.sureness is Sureness.DOUBTFUL
    state = [match.state] if match.state else []
    ranked = [*state, *(alike + meant if doubtful else meant[: limit - 2] + alike)]
    return list(dict.fromkeys(ranked))[:limit]
