"""What a language model is told in one epoch: real careers, and those that teachers dream up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from occu_core.models.tokens import ResumeTokenizer
from occu_core.titles import TitleTrie
from train.resume_batches import Batch, batches, hide, read
from train.teachers import Taught, Teachers


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch of resumes, and its careers as the teachers see them, nothing hidden."""

    batch: Batch
    members: tuple[Taught, ...]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The lessons of every epoch; what is random comes from the seed and the epoch alone.

    Attributes:
        reader: turns careers into tokens.
        careers: the training workers.
        teachers: see more in a career than what happened; none is allowed.
        simulated: careers drawn from the teachers for each training worker.
        hidden_share: how often each covariate is hidden.
        hidden_education: how often education is.
        batch_tokens: tokens a lesson, padding included.
        seed: fixes order, what is hidden and what is drawn.
    """

    reader: ResumeTokenizer
    careers: Sequence[Taught]
    teachers: Teachers | None
    simulated: int
    hidden_share: float
    hidden_education: float
    batch_tokens: int
    seed: int

    def steps(self, epoch: int) -> list[list[Lesson]]:
        """One lesson a step, in an order of its own each epoch."""
        rng = random.Random(f"{self.seed}/{epoch}")
        taught = [*self.careers]
        if self.teachers is not None:
            real = [one.career for one in self.careers]
            taught += self.teachers.dream(real, self.simulated, seed=self.seed * 1_000 + epoch)
        partly_known = [
            hide(one.career, self.hidden_share, self.hidden_education, rng) for one in taught
        ]
        resumes = [read(self.reader, career) for career in partly_known]
        made = batches(resumes, title_tree(self.reader), self.batch_tokens, rng)
        return [[Lesson(batch, tuple(taught[i] for i in batch.members))] for batch in made]


def title_tree(reader: ResumeTokenizer) -> TitleTrie:
    """The one tree of titles, which the project's tokenizer has."""
    if reader.separable is None:
        raise SystemExit("the tokenizer merges across records; train one with train_tokenizer")
    return reader.separable
