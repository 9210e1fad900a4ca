"""A conversation as the tokens that a model reads before it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from jinja2 import TemplateError

from occu_core.endpoints import Turn

_END = "</s>"
USER = "<|user|>"


class PromptForm(StrEnum):
    """How turns are told apart."""

    CHAT_TEMPLATE = "chat template"
    PLAIN = "plain <|user|>/<|assistant|>"


class PromptError(ValueError):
    """A conversation that a model cannot be asked: says why."""


def form_of(tokenizer: Any) -> PromptForm:  # noqa: ANN401 - any of transformers' own
    """The tokenizer's own template where it has one."""
    return PromptForm.CHAT_TEMPLATE if tokenizer.chat_template else PromptForm.PLAIN


def plain_text(turns: Sequence[Turn], end: str = _END) -> str:
    r"""The plain form up to where the answer begins.

    >>> plain_text([Turn("user", "Why?")])
    '<|user|>\nWhy?\n<|assistant|>\n'
    """
    said = []
    for turn in turns:
        closed = f"{turn.content}{end}" if turn.role == "assistant" else turn.content
        said.append(f"<|{turn.role}|>\n{closed}\n")
    return "".join(said) + "<|assistant|>\n"


def prompt_tokens(tokenizer: Any, turns: Sequence[Turn]) -> list[int]:  # noqa: ANN401
    """The tokens of a conversation, up to where the answer begins.

    Raises:
        PromptError: if the tokenizer's template takes no such conversation.
    """
    if form_of(tokenizer) is PromptForm.PLAIN:
        text = plain_text(turns, tokenizer.eos_token or _END)
        return [*_beginning(tokenizer), *tokenizer.encode(text, add_special_tokens=False)]
    try:
        found = tokenizer.apply_chat_template(
            [asdict(turn) for turn in turns], add_generation_prompt=True, return_dict=False
        )
    except TemplateError as error:
        raise PromptError(f"the model's chat template takes no such turns: {error}") from None
    return [int(token) for token in found]


def _beginning(tokenizer: Any) -> list[int]:  # noqa: ANN401
    """The token that the tokenizer puts before every text, if it does."""
    first = tokenizer.bos_token_id
    return [first] if first is not None and tokenizer.encode("a")[:1] == [first] else []
