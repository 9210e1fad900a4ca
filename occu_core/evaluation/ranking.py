"""Which reports stand in one leaderboard, in which order, and which comparisons belong to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from occu_core.evaluation.report_files import Leaderboard, leaderboards
from occu_core.evaluation.reports import Comparison, Interval, ModelReport, Part, Perplexities

HEADLINE = ("NLSY97", (1997, 2011))
_SURVEYS = ("NLSY97", "NLSY79")


def ordered_boards(models: tuple[ModelReport, ...]) -> dict[str, Leaderboard]:
    """A leaderboard for each set of rows by a label of its own, the headline first.

    The surveys come next, tables of a user after them, simulated careers last. Two sets of rows
    with the same description get their number of rows and digest in the label.
    """
    boards = sorted(leaderboards(models), key=_place)
    described = Counter(board.rows_label for board in boards)
    return {
        board.rows_label
        if described[board.rows_label] == 1
        else f"{board.rows_label}, {board.rows:,} rows {board.rows_digest[:6]}": board
        for board in boards
    }


def perplexity_of(report: ModelReport, part: Part, *, normalised: bool) -> Interval | None:
    """One perplexity of a report; None where it was not measured or has no rows."""
    found: Perplexities | None = report.perplexity if normalised else report.perplexity_raw
    if found is None:
        return None
    return {
        Part.ALL: found.overall,
        Part.FIRST: found.first,
        Part.STAY: found.stay,
        Part.MOVE: found.move,
    }[part]


def ranked(
    board: Leaderboard, part: Part = Part.ALL, *, normalised: bool = False
) -> list[tuple[ModelReport, Interval]]:
    """The models that have this perplexity, the lowest first."""
    found = [(r, perplexity_of(r, part, normalised=normalised)) for r in board.reports]
    return sorted(
        [(report, interval) for report, interval in found if interval is not None],
        key=lambda pair: pair[1].value,
    )


def pairs_on(board: Leaderboard, comparisons: Sequence[Comparison]) -> list[dict[Part, Comparison]]:
    """The comparisons on exactly these rows: for each pair of models, one by part.

    The best model's pairs come first, in the order of the models they are compared with.
    """
    pairs: dict[tuple[object, ...], dict[Part, Comparison]] = {}
    for c in comparisons:
        if c.rows_digest == board.rows_digest:
            pair = (c.model_a, c.model_b, c.normalised, c.seeds_a, c.seeds_b)
            pairs.setdefault(pair, {})[c.part] = c
    places = {r.provenance.model: place for place, r in reversed(list(enumerate(board.reports)))}

    def order(parts: dict[Part, Comparison]) -> tuple[int, int]:
        c = next(iter(parts.values()))
        first, second = (places.get(m, len(places)) for m in (c.model_a, c.model_b))
        return min(first, second), max(first, second)

    return sorted(pairs.values(), key=order)


def headline_pair(board: Leaderboard, comparisons: Sequence[Comparison]) -> Comparison | None:
    """The best model against the best of those it was compared with, the most seeds first."""
    best = board.reports[0].provenance.model
    overall = [parts[Part.ALL] for parts in pairs_on(board, comparisons) if Part.ALL in parts]
    of_best = [c for c in overall if best in {c.model_a, c.model_b}]
    if not of_best:
        return None
    first = of_best[0]
    same = [c for c in of_best if {c.model_a, c.model_b} == {first.model_a, first.model_b}]
    return max(same, key=lambda c: min(c.seeds_a, c.seeds_b))


def _place(board: Leaderboard) -> tuple[bool, bool, int, str]:
    about = board.reports[0].provenance
    survey = _SURVEYS.index(about.data) if about.data in _SURVEYS else len(_SURVEYS)
    return about.simulated, (about.data, about.years) != HEADLINE, survey, board.rows_label
