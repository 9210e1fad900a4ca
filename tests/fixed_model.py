"""A model whose few probabilities are written down, so that results can be worked out by hand."""

import numpy as np

from occu_core.distributions import OccupationDistribution
from occu_core.models.base import Cohort, ModelCard, ModelKind
from tests.careers_at_random import TOY

# In taxonomy order: Cooks; Cooks, head; Carpenters; Actors; Not working; Student. Both sum to 0.9.
FIRST = (0.2, 0.2, 0.1, 0.1, 0.2, 0.1)
LATER = (0.4, 0.1, 0.1, 0.1, 0.15, 0.05)


class FixedModel:
    """Answers every first record with `FIRST` and every later one with `LATER`."""

    def __init__(self, kind=ModelKind.LANGUAGE_MODEL):
        cohort = Cohort("NLSY97", 9000, (1997, 2022), (1980, 1984), (13, 42))
        self.card = ModelCard(
            "fixed", kind, "Fixed", "1.2", TOY.name, TOY.digest, (cohort,), {}, ()
        )
        self.taxonomy = TOY
        self.asked = []

    def predict(self, query):
        return self._after(query.past)

    def distributions(self, career):
        self.asked.append(career)
        yield from (self._after(transition.query.past) for transition in career.transitions())

    def log_likelihoods(self, career):
        self.asked.append(career)
        return np.array(
            [
                self._after(t.query.past).log_probs_raw[TOY.position(t.outcome.code)]
                for t in career.transitions()
            ]
        )

    def log_probabilities(self, career, positions):
        asked = zip(career.transitions(), positions, strict=True)
        return np.array([self._after(t.query.past).log_probs_raw[p] for t, p in asked])

    def _after(self, past):
        return OccupationDistribution.from_scores(TOY, np.log(LATER if past.records else FIRST))
