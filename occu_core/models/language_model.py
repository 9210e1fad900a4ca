"""A causal language model that reads careers as resumes (LABOR-LLM, Athey et al.)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.adapters import SharedModel, load_shared
from occu_core.models.base import ModelCard
from occu_core.models.model_files import Quantised
from occu_core.models.scoring import TitleScorer
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import Taxonomy
from occu_core.templates import TextTemplate


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
        text = self.scorer.read(split.context, only_last=True)
        steps = self.scorer.steps(text, len(split.context), split.trie)
        return OccupationDistribution.from_scores(self.taxonomy, split.trie.total(steps))

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each transition; the resume is read once where its tokens allow."""
        resume = self.tokens.resume(career)
        trie = self.tokens.separable
        if resume is None or trie is None or not career.records:
            yield from (self.predict(transition.query) for transition in career.transitions())
            return
        self._check(career)
        text = self.scorer.read(resume.tokens)
        for start, _ in resume.answers:
            scores = trie.total(self.scorer.steps(text, start, trie))
            yield OccupationDistribution.from_scores(self.taxonomy, scores)

    def log_likelihoods(self, career: CareerHistory) -> npt.NDArray[np.float64]:
        """Raw log P(what happened) at each transition from one forward pass over the resume.

        Nats, shape (records,). A tokenizer that merges across records needs one full prediction
        for each transition instead.
        """
        if not career.records:
            return np.empty(0)
        self._check(career)
        resume = self.tokens.resume(career)
        if resume is None:
            return np.array(
                [
                    self.predict(t.query).log_probs_raw[self.taxonomy.position(t.outcome.code)]
                    for t in career.transitions()
                ]
            )
        log_probs = self.scorer.read(resume.tokens).log_probs.cpu().double()
        following = torch.tensor(resume.tokens[1:])
        steps = log_probs[:-1].gather(1, following[:, None])[:, 0]  # step k predicts token k + 1
        return np.array([steps[a - 1 : b - 1].sum().item() for a, b in resume.answers])

    def log_probabilities(
        self, career: CareerHistory, positions: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Raw log P of chosen states at each transition; nats, both (records, choices).

        One forward pass, where the tokens and the architecture allow, else a prediction each.
        """
        self._check(career)
        resume = self.tokens.resume(career)
        if not career.records:
            return np.zeros(positions.shape)
        if resume is None or not self.scorer.takes_tree_masks:
            asked = zip(self.distributions(career), positions, strict=True)
            return np.array([found.log_probs_raw[chosen] for found, chosen in asked])
        titles = self.tokens.titles
        questions = [
            (start, [titles[position] for position in chosen])
            for (start, _), chosen in zip(resume.answers, positions, strict=True)
        ]
        return self.scorer.along(resume.tokens, questions).reshape(positions.shape)

    def _check(self, career: CareerHistory) -> None:
        """Refuse an occupation outside the taxonomy by name."""
        for record in career.records:
            self.taxonomy.position(record.occupation.code)
