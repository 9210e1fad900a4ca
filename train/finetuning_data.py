"""Careers as the packs and steps of a fine-tuning run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedConfig

from occu_core.careers import CareerHistory
from occu_core.models.tokens import ResumeTokens
from train.finetuning_settings import FinetuneSettings, LossOn
from train.packing import Pack, in_steps, packs
from train.resume_batches import hide
from train.resume_spans import ResumeReader


@dataclass(frozen=True, slots=True)
class FinetuningData:
    """Turns careers into packs and steps.

    Attributes:
        settings: of the run.
        reader: careers to tokens.
        packed: whether resumes may stand side by side.
        most_tokens: of one resume; None where the base has no limit.
    """

    settings: FinetuneSettings
    reader: ResumeReader
    packed: bool
    most_tokens: int | None

    def steps(self, careers: Sequence[CareerHistory], epoch: int) -> list[list[Pack]]:
        """An epoch's steps, some covariates hidden; the same whenever asked."""
        settings = self.settings
        rng = random.Random(f"{settings.seed}/{epoch}")
        shuffled = rng.sample(careers, len(careers))
        partly_known = [
            hide(career, settings.hidden_share, settings.hidden_education, rng)
            for career in shuffled
        ]
        found = self.packs(partly_known, on_all=settings.loss_on is LossOn.ALL)
        return in_steps(found, settings.packs_a_step, rng)

    def packs(self, careers: Sequence[CareerHistory], *, on_all: bool) -> list[Pack]:
        """Careers in packs."""
        resumes = [self._read(career) for career in careers]
        return packs(resumes, self.settings.pack_tokens, on_all=on_all, packed=self.packed)

    def _read(self, career: CareerHistory) -> ResumeTokens:
        resume = self.reader.read(career)
        if self.most_tokens is not None and len(resume.tokens) > self.most_tokens:
            raise SystemExit(
                f"a resume of {len(career.records)} records has {len(resume.tokens)} tokens;"
                f" {self.settings.base} reads at most {self.most_tokens}: choose another base"
            )
        return resume


def sample(careers: list[CareerHistory], most: int) -> list[CareerHistory]:
    """At most so many workers, the same ones every time."""
    return careers if len(careers) <= most else random.Random(most).sample(careers, most)


def most_tokens(config: PreTrainedConfig) -> int | None:
    """How long a text a model reads; None where it has no limit."""
    limit = getattr(config.get_text_config(), "max_position_embeddings", None)
    return int(limit) if limit else None
