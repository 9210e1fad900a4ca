"""Leave one job out: what each record of a history does to the probability of one next state."""

from __future__ import annotations

from dataclasses import dataclass

from occu_core.careers import JobRecord, Query
from occu_core.explain.parts_of_history import part_of as part_of
from occu_core.explain.parts_of_history import raw_probabilities
from occu_core.models.base import ModelCard, OccupationModel
from occu_core.occupations import Occupation


@dataclass(frozen=True, slots=True)
class RecordInfluence:
    """One record and the target's probability had it never been recorded."""

    record: JobRecord
    without: float
    influence: float
    """The probability with all records less `without`; above zero speaks for the target."""

    @property
    def points(self) -> float:
        """The influence in probability points."""
        return 100 * self.influence


@dataclass(frozen=True)
class Influences:
    """What each record does to P(target), all probabilities before normalising over the titles.

    The parts do not add up: two records that say the same can each be left out at no loss.

    Attributes:
        card: the model's.
        query: the past, and the year and education asked about.
        target: the state whose probability is explained.
        probability: after all records.
        from_nothing: after none, with all that is fixed about the worker.
        records: in year order.
    """

    card: ModelCard
    query: Query
    target: Occupation
    probability: float
    from_nothing: float
    records: tuple[RecordInfluence, ...]

    def strongest(self, count: int = 3) -> list[RecordInfluence]:
        """The records that matter most, in either direction; ties keep year order."""
        return sorted(self.records, key=lambda one: -abs(one.influence))[:count]


def influences(model: OccupationModel, query: Query, target: Occupation) -> Influences:
    """Delete each record in turn and ask again; equal to doing so by hand, and faster.

    Deleting the last record changes which job would be kept, and any deletion leaves a gap.

    Raises:
        UnknownOccupationError: if the target or a record is outside the model's taxonomy.
    """
    everything = tuple(range(len(query.past.records)))
    without = [everything[:left] + everything[left + 1 :] for left in everything]
    asked = dict.fromkeys([everything, (), *without])
    found = raw_probabilities(model, query, list(asked), target)
    known = dict(zip(asked, map(float, found), strict=True))
    whole = known[everything]
    return Influences(
        card=model.card,
        query=query,
        target=target,
        probability=whole,
        from_nothing=known[()],
        records=tuple(
            RecordInfluence(record, known[part], whole - known[part])
            for record, part in zip(query.past.records, without, strict=True)
        ),
    )
