"""How the next token is chosen and when an answer ends, row by row of a batch.

Each row draws its own random numbers, so an answer does not depend on what is written beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import LogitsProcessor, StoppingCriteria, TopPLogitsWarper

_TAIL = 16  # tokens in which a mark that ends an answer is looked for


class Drawn(LogitsProcessor):  # type: ignore[misc]
    """Scores whose likeliest token is a draw from the softmax at a temperature.

    Adding Gumbel noise and taking the largest draws from it exactly (Gumbel 1954; Maddison et al.
    2014, section 2).
    """

    def __init__(self, temperature: float, top_p: float, seeds: Sequence[int]) -> None:
        self.temperature = temperature
        self.top_p = TopPLogitsWarper(top_p) if top_p < 1 else None
        self.draws = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores with noise; shape (rows, vocabulary)."""
        scores = scores.float() / self.temperature
        if self.top_p is not None:
            scores = self.top_p(input_ids, scores)
        noise = [torch.empty(scores.shape[-1]).exponential_(generator=d) for d in self.draws]
        return scores - torch.stack(noise).clamp_min(1e-30).log().to(scores.device)


class Ended(StoppingCriteria):  # type: ignore[misc]
    """Ends a row where it writes a mark, and all of them where nobody waits any more.

    It also tells the text of a single row as it grows.
    """

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401 - any of transformers' own
        start: int,
        marks: Sequence[str],
        on_text: Callable[[str], None] | None,
        stopped: Callable[[], bool] | None,
    ) -> None:
        self.tokenizer, self.start, self.marks = tokenizer, start, tuple(marks)
        self.on_text, self.stopped = on_text, stopped

    def __call__(
        self, input_ids: torch.Tensor, scores: torch.Tensor, **_: object
    ) -> torch.BoolTensor:
        """Whether each row has ended; shape (rows,)."""
        if self.stopped is not None and self.stopped():
            return torch.ones(len(input_ids), dtype=torch.bool, device=input_ids.device)  # type: ignore[return-value]
        if self.on_text is not None:
            self.on_text(answer_text(self.tokenizer, input_ids[0, self.start :], self.marks)[0])
        tails = input_ids[:, max(self.start, input_ids.shape[1] - _TAIL) :]
        ends = [self._marked(self.tokenizer.decode(tail)) for tail in tails]
        return torch.tensor(ends, dtype=torch.bool, device=input_ids.device)  # type: ignore[return-value]

    def _marked(self, text: str) -> bool:
        return any(mark in text for mark in self.marks)


def answer_text(
    tokenizer: Any,  # noqa: ANN401 - any of transformers' own
    tokens: torch.Tensor,
    marks: Sequence[str],
) -> tuple[str, bool]:
    """What was written before the first mark, and whether there was one."""
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    ends = [place for mark in marks if (place := text.find(mark)) >= 0]
    return (text[: min(ends)] if ends else text).strip(), bool(ends)
