"""A language model on this computer as one who answers: whole, or an adapter on its base."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoTokenizer, GenerationConfig

from occu_core.answering.adapter_fit import check_adapter
from occu_core.answering.decoding import Drawn, Ended, answer_text
from occu_core.answering.prompting import USER, PromptForm, form_of, prompt_tokens
from occu_core.answering.sources import LocalSource, Writing
from occu_core.endpoints import Turn
from occu_core.models.adapters import SharedModel, load_shared
from occu_core.models.model_files import ModelError
from occu_core.models.storage import base_of

_CONTEXT = ("max_position_embeddings", "n_positions", "max_sequence_length")


class TooLongError(ValueError):
    """A question that does not fit what a model can read."""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer; `cut` where it ran into a limit of tokens, or was stopped."""

    text: str
    tokens_in: int
    tokens_out: int
    cut: bool


class LocalModel:
    """A causal language model with its tokenizer; threads take turns at its base."""

    def __init__(self, model: SharedModel, tokenizer: Any, ends: frozenset[int]) -> None:  # noqa: ANN401
        """`ends` are the tokens that end an answer, besides the tokenizer's own."""
        self.model, self.tokenizer = model, tokenizer
        own = tokenizer.eos_token_id
        self.ends = ends if own is None else ends | {int(own)}
        self.form = form_of(tokenizer)
        # Where a model was taught no token to end with, the plain form's own marks end an answer.
        self.marks = (USER, "</s>") if self.form is PromptForm.PLAIN else ()

    @classmethod
    def load(cls, source: LocalSource) -> LocalModel:
        """Load weights (safetensors only) and tokenizer, without a network and without code.

        Raises:
            ModelError: naming the folder and why, such as an adapter that fits another base.
        """
        folder = Path(source.place)
        try:
            base = base_of(folder)
            if base is not None:
                check_adapter(folder, base)
            model = load_shared(folder, base, source.quantised)
            tokenizer = _tokenizer(source.place, base)
        except ModelError:
            raise
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            why = str(error).strip().partition("\n")[0][:300]
            raise ModelError(f"{source.place}: the model cannot be loaded: {why}") from error
        if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
            raise ModelError(
                f"{source.place}: its tokenizer has {len(tokenizer):,} tokens, but the model"
                f" {model.get_input_embeddings().weight.shape[0]:,}; they belong to different bases"
            )
        return cls(model, tokenizer, _ends(model.generation_config) | _ends_of(folder))

    @property
    def context(self) -> int | None:
        """The most tokens that it can read and write; None where it names no limit."""
        config = self.model.config.get_text_config()
        limits = [getattr(config, name, None) for name in _CONTEXT]
        return next((int(limit) for limit in limits if limit), None)

    def prompt(self, turns: Sequence[Turn]) -> list[int]:
        """The tokens of a conversation.

        Raises:
            TooLongError: if no answer would fit behind it.
            PromptError: if the chat template takes no such turns.
        """
        tokens = prompt_tokens(self.tokenizer, turns)
        if self.context is not None and len(tokens) >= self.context:
            raise TooLongError(
                f"the question has {len(tokens):,} tokens, and the model reads {self.context:,}"
                " with its answer; shorten the question"
            )
        return tokens

    def room(self, prompt: Sequence[int], writing: Writing) -> int:
        """How many tokens an answer may have behind a prompt."""
        left = writing.max_tokens if self.context is None else self.context - len(prompt)
        return min(writing.max_tokens, left)

    @torch.inference_mode()
    def write(
        self,
        prompts: Sequence[Sequence[int]],
        writing: Writing,
        on_text: Callable[[str], None] | None = None,
        stopped: Callable[[], bool] | None = None,
    ) -> list[Written]:
        """Answer a batch of prompts at once, each as if it were alone.

        Args:
            prompts: as `prompt` gives them.
            writing: how.
            on_text: told the first prompt's answer as it grows.
            stopped: asked after every token whether to end here.
        """
        longest = max(map(len, prompts))
        ids, mask = self._padded(prompts, longest)
        ended = Ended(self.tokenizer, longest, self.marks, on_text, stopped)
        drawn = []
        if writing.temperature:
            seeds = [draw_seed(prompt, writing.seed) for prompt in prompts]
            drawn = [Drawn(writing.temperature, writing.top_p, seeds)]
        room = min(self.room(prompt, writing) for prompt in prompts)
        with self.model.base.held(self.model.adapter) as network:
            found = network.generate(
                input_ids=ids,
                attention_mask=mask,
                generation_config=self._settings(room),
                logits_processor=drawn,
                stopping_criteria=[ended],
            )
        rows = zip(prompts, found[:, longest:].cpu(), strict=True)
        return [self._written(prompt, tokens) for prompt, tokens in rows]

    def _padded(
        self, prompts: Sequence[Sequence[int]], longest: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens with padding on the left, and which of them are none; (prompts, longest)."""
        ids = torch.full((len(prompts), longest), self._padding(), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
            mask[row, longest - len(prompt) :] = 1
        device = self.model.device
        return ids.to(device), mask.to(device)

    def _settings(self, room: int) -> GenerationConfig:
        return GenerationConfig(
            max_new_tokens=room,
            do_sample=False,
            num_beams=1,
            eos_token_id=sorted(self.ends) or None,
            pad_token_id=self._padding(),
        )

    def _written(self, prompt: Sequence[int], tokens: torch.Tensor) -> Written:
        written = enumerate(tokens.tolist())
        length = next((k for k, token in written if token in self.ends), None)
        mine = tokens if length is None else tokens[:length]
        text, marked = answer_text(self.tokenizer, mine, self.marks)
        return Written(text, len(prompt), len(mine), cut=length is None and not marked)

    def _padding(self) -> int:
        found = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        return next(int(token) for token in found if token is not None)


def draw_seed(prompt: Sequence[int], seed: int) -> int:
    """What a prompt's draws begin with, whatever is written beside it and in which order."""
    return int(sha256(json.dumps([seed, list(prompt)]).encode()).hexdigest()[:15], 16)


def _tokenizer(place: str, base: str | None) -> Any:  # noqa: ANN401 - any of transformers' own
    """The folder's own tokenizer; an adapter without one uses its base's."""
    own = base is None or (Path(place) / "tokenizer_config.json").is_file()
    return AutoTokenizer.from_pretrained(
        place if own else base, local_files_only=True, trust_remote_code=False
    )


def _ends(settings: GenerationConfig | None) -> frozenset[int]:
    """The tokens that end a text by a model's settings for writing."""
    named = getattr(settings, "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    return frozenset(int(token) for token in listed if token is not None)


def _ends_of(folder: Path) -> frozenset[int]:
    """Those that a folder names; an adapter may have been taught another end than its base."""
    if not (folder / "generation_config.json").is_file():
        return frozenset()
    return _ends(GenerationConfig.from_pretrained(folder, local_files_only=True))
