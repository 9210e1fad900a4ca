"""What a language model holds in mind where a prompt ends, before it writes a title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from occu_core.careers import CareerHistory, Query
from occu_core.models.language_model import LanguageModel
from occu_core.titles import Tokens

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, and the places of its last tokens before each answer."""

    tokens: Tokens
    places: tuple[int, ...]


def prompt_ends(model: LanguageModel, career: CareerHistory, query: Query | None = None) -> Vectors:
    """The last hidden state at the end of each record's prompt, then of the query's, if any.

    A prompt ends with the year and education of what is predicted. Shape (records and query,
    width). Where tokens cross from one record to the next, each prompt is read apart.
    """
    texts = readings(model, career, query)
    width = model.scorer.model.config.get_text_config().hidden_size
    vectors = [states[list(r.places)] for r in texts for states in read_together(model, [r])]
    return np.concatenate([np.zeros((0, width), np.float32), *vectors])


def readings(
    model: LanguageModel, career: CareerHistory, query: Query | None = None
) -> list[Reading]:
    """What must be read to know a career's prompt ends: one text, or one for each prompt."""
    resume = model.tokens.resume(career)
    if resume is None:
        queries = [transition.query for transition in career.transitions()]
        queries += [query] if query else []
        contexts = [model.tokens.split(one).context for one in queries]
        return [Reading(context, (len(context) - 1,)) for context in contexts]
    tokens = model.tokens.split(query).context if query else resume.tokens
    places = [start - 1 for start, _ in resume.answers] + ([len(tokens) - 1] if query else [])
    return [Reading(tokens, tuple(places))] if places else []


@torch.inference_mode()
def read_together(model: LanguageModel, texts: Sequence[Reading]) -> list[Vectors]:
    """The last hidden states of several texts in one pass; shapes (tokens, width).

    Padding stands behind everything that is asked for, so no attention mask is needed.
    """
    longest = max(len(text.tokens) for text in texts)
    rows = [[*text.tokens, *[0] * (longest - len(text.tokens))] for text in texts]
    inputs = torch.tensor(rows, device=model.scorer.model.device)
    output = model.scorer.model(input_ids=inputs, output_hidden_states=True, use_cache=False)
    hidden = output.hidden_states[-1].float().cpu().numpy()
    return [states[: len(text.tokens)] for states, text in zip(hidden, texts, strict=True)]
