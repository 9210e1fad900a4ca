"""Three or more systems on one scale: Bradley–Terry strengths, ties by Newman's model.

P(i wins) ∝ s_i and P(tie) ∝ 2ν√(s_i s_j) (Davidson 1970; Newman, JMLR 24, 2023), fitted by
evalica. Both bad counts as a tie. The fit is by likelihood, so votes on adaptively chosen pairs may
take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.pairwise.clustered import ends, numbered, resampled
from occu_core.pairwise.votes import Outcome, Vote

REPLICATES = 500
SEED = 1
_LIMIT = 10_000
_TOLERANCE = 1e-9
_KINDS = {Outcome.FIRST: 0, Outcome.SECOND: 1, Outcome.TIE: 2, Outcome.BOTH_BAD: 2}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strength:
    """One system's log strength against the mean of all, and the rank its interval allows.

    Attributes:
        log_strength: two systems d apart: the stronger wins e^d times as often as it loses.
        low: 95% bootstrap interval over questions; None without enough replicates.
        best_rank: ranks that replicates gave it, 2.5% left out at either end; 1 is the strongest.
    """

    system: str
    log_strength: float
    low: float | None
    high: float | None
    best_rank: int | None
    worst_rank: int | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Systems, the strongest first.

    Attributes:
        tie: Newman's ν; 0 means no ties.
        replicates: how many resampled sets of questions could be ranked, of those drawn.
    """

    systems: tuple[Strength, ...]
    tie: float
    replicates: int
    votes: int


@dataclass(frozen=True, slots=True)
class _Tally:
    """Votes of each kind on each pair of systems, as cells that evalica weighs."""

    systems: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]

    def strengths(self, cells: Floats) -> tuple[Floats, float] | None:
        """Centred log strengths and ν; None unless every system can be reached from every other."""
        weights = cells.reshape(-1, 3)
        if not self.connected(weights):
            return None
        import evalica

        chosen = np.argwhere(weights > 0)
        winners = (evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw)
        found = evalica.newman(
            xs=[self.systems[self.pairs[pair][0]] for pair, _ in chosen],
            ys=[self.systems[self.pairs[pair][1]] for pair, _ in chosen],
            winners=[winners[kind] for _, kind in chosen],
            weights=[float(weights[pair, kind]) for pair, kind in chosen],
            tolerance=_TOLERANCE,
            limit=_LIMIT,
        )
        scores = found.scores.to_dict()
        logs = np.log([scores[system] for system in self.systems])
        return logs - logs.mean(), float(found.v)

    def connected(self, weights: Floats) -> bool:
        """Whether wins and ties lead from each system to each other, so that strengths are finite.

        Ford's condition (American Mathematical Monthly 64, 1957); a tie leads both ways.
        """
        reached = np.eye(len(self.systems), dtype=bool)
        for (i, j), (first, second, tie) in zip(self.pairs, weights, strict=True):
            reached[i, j] |= first + tie > 0
            reached[j, i] |= second + tie > 0
        for _ in range(len(self.systems).bit_length()):
            reached = reached @ reached  # twice as many steps
        return bool(reached.all())


def ranking(
    votes: Sequence[Vote], *, seed: int = SEED, replicates: int = REPLICATES
) -> Ranking | None:
    """Rank three or more systems; None for fewer, or where the votes cannot rank all of them."""
    systems = tuple(sorted({name for vote in votes for name in vote.systems}))
    if len(systems) < 3:
        return None
    tally, table = _tally(votes, systems)
    fitted = tally.strengths(table.sum(axis=0))
    if fitted is None:
        return None
    logs, tie = fitted
    drawn = resampled(table, numbered([vote.cluster for vote in votes]), seed, replicates)
    found = [fit[0] for row in drawn if (fit := tally.strengths(row))]
    spread = np.array(found).reshape(-1, len(systems))
    ranks = 1 + (spread[:, :, None] < spread[:, None, :]).sum(axis=2)
    strengths = [
        _strength(systems[i], float(logs[i]), spread[:, i], ranks[:, i])
        for i in np.argsort(-logs, kind="stable")
    ]
    return Ranking(tuple(strengths), tie, len(found), len(votes))


def _tally(votes: Sequence[Vote], systems: tuple[str, ...]) -> tuple[_Tally, Floats]:
    """The cells, and which one each vote falls in; shape (votes, pairs × 3)."""
    pairs = tuple(sorted({(systems.index(a), systems.index(b)) for a, b in _pairs(votes)}))
    table = np.zeros((len(votes), len(pairs) * 3))
    places = {(systems[a], systems[b]): 3 * number for number, (a, b) in enumerate(pairs)}
    for row, vote in zip(table, votes, strict=True):
        row[places[vote.systems] + _KINDS[vote.outcome]] = 1
    return _Tally(systems, pairs), table


def _pairs(votes: Sequence[Vote]) -> set[tuple[str, str]]:
    return {vote.systems for vote in votes}


def _strength(
    system: str, value: float, replicates: Floats, ranks: npt.NDArray[np.int64]
) -> Strength:
    low, high = ends(replicates)
    if not len(ranks):
        return Strength(system, value, low, high, None, None)
    best, worst = np.percentile(ranks, (2.5, 97.5), method="closest_observation")
    return Strength(system, value, low, high, int(best), int(worst))
