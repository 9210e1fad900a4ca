"""A causal language model that reads careers as resumes (LABOR-LLM, Athey et al.)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.adapters import SharedModel, load_shared
from occu_core.models.base import ModelCard
from occu_core.models.best_titles import BestTitles
from occu_core.models.model_files import Quantised
from occu_core.models.scoring import ReadText, TitleScorer
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import Taxonomy
from occu_core.templates import TextTemplate
from occu_core.titles import TitleTrie
from occu_core.tops import TopOccupations


class LanguageModel:
    """Any Hugging Face causal language model with its tokenizer, as an occupation model.

    P(title | career) is the product of the probabilities of the title's tokens, line end
    included, after the resume so far. What is left of one is the mass on texts that are no title.
    """

    def __init__(
        self,
        card: ModelCard,
        taxonomy: Taxonomy,
        model: PreTrainedModel | SharedModel,
        tokenizer: PreTrainedTokenizerBase,
        template: TextTemplate | None = None,
    ) -> None:
        self.card = card
        self.taxonomy = taxonomy
        self.template = template or TextTemplate(coded=card.coded_titles)
        self.tokens = ResumeTokenizer(tokenizer, self.template, taxonomy)
        self.scorer = TitleScorer(model)

    @classmethod
    def load(
        cls,
        folder: Path,
        card: ModelCard,
        taxonomy: Taxonomy,
        *,
        base: str | None = None,
        quantised: Quantised | None = None,
    ) -> LanguageModel:
        """Load weights (safetensors only) and tokenizer from a model folder, without a network.

        A folder that holds an adapter needs the folder or id of its `base`.
        """
        model = load_shared(folder, base, quantised)
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        return cls(card, taxonomy, model, tokenizer)

    def predict(self, query: Query) -> OccupationDistribution:
        """The normalised distribution, with the raw mass on titles as its coverage."""
        self._check(query.past)
        split = self.tokens.split(query)
        steps = self.scorer.steps(self.scorer.read(split.context), split.trie)[0]
        return OccupationDistribution.from_scores(self.taxonomy, split.trie.total(steps))

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each transition; where its tokens allow, the resume is read once.

        Then the title trees of all years share the passes behind it.
        """
        if not (read := self._read(career)):
            yield from (self.predict(transition.query) for transition in career.transitions())
            return
        text, trie = read
        for steps in self.scorer.steps(text, trie):
            yield OccupationDistribution.from_scores(self.taxonomy, trie.total(steps))

    def top(self, query: Query, k: int) -> TopOccupations:
        """The k likeliest of `predict`, exactly, from a part of the title tree.

        The coverage comes as two bounds; see `TopOccupations`.
        """
        self._check(query.past)
        split = self.tokens.split(query)
        return self._named(self.scorer.best(self.scorer.read(split.context), split.trie, k)[0])

    def tops(self, career: CareerHistory, k: int) -> Iterator[TopOccupations]:
        """`top` at each of the career's transitions, in order; the resume is read once."""
        if not (read := self._read(career)):
            yield from (self.top(transition.query, k) for transition in career.transitions())
            return
        yield from map(self._named, self.scorer.best(*read, k))

    def log_likelihoods(self, career: CareerHistory) -> npt.NDArray[np.float64]:
        """Raw log P(what happened) at each transition from one forward pass over the resume.

        Nats, shape (records,). A tokenizer that merges across records needs one full prediction
        for each transition instead.
        """
        self._check(career)
        resume = self.tokens.resume(career)
        if resume is not None:
            return self.scorer.along(resume.tokens, resume.answers)
        happened = [[self.taxonomy.position(r.occupation.code)] for r in career.records]
        return self.log_probabilities(career, np.array(happened, np.int64).reshape(-1, 1))[:, 0]

    def log_probabilities(
        self, career: CareerHistory, positions: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Raw log P of chosen states at each transition; nats, both (records, choices).

        The resume is read once and only the chosen titles behind it, where tokens and architecture
        allow; else there is a prediction for each transition.
        """
        if read := self._read(career):
            return self.scorer.chosen(*read, positions)
        asked = zip(self.distributions(career), positions, strict=True)
        found = [distribution.log_probs_raw[chosen] for distribution, chosen in asked]
        return np.array(found).reshape(positions.shape)

    def _read(self, career: CareerHistory) -> tuple[ReadText, TitleTrie] | None:
        """The resume, read up to its last prompt and asked at each; None where prompts differ.

        So they do where tokens cross from one record to the next, and there are none without
        records.
        """
        self._check(career)
        resume, trie = self.tokens.resume(career), self.tokens.separable
        if resume is None or trie is None or not career.records:
            return None
        places = [start for start, _ in resume.answers]
        return self.scorer.read(resume.tokens[: places[-1]], places), trie

    def _named(self, best: BestTitles) -> TopOccupations:
        names = tuple(self.taxonomy.occupations[title] for title in best.titles)
        return TopOccupations(names, best.log_probs, best.mass)

    def _check(self, career: CareerHistory) -> None:
        """Refuse an occupation outside the taxonomy by name."""
        for record in career.records:
            self.taxonomy.position(record.occupation.code)
