"""Conversations as tokens, in the very form in which the tuned model will be asked.

Both forms are chat templates kept by the tokenizer, so whatever serves the saved model writes what
it was tuned on. The whole conversation is tokenised, then split: an answer is what stands between
the prompt that the template makes of all before it and the end of its turn, that end included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase as Tokenizer

from occu_core.models.tokens import ResumeTokens
from occu_core.occuquest.items import Item, Message, Role
from train.instruction_settings import Form

PLAIN = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] | trim }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
    "{% if not loop.last or add_generation_prompt %}{{ '\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
_SAMPLE = (
    Message(Role.USER, "What is a keel?"),
    Message(Role.ASSISTANT, "The lowest timber of a ship."),
    Message(Role.USER, "And a mast?"),
    Message(Role.ASSISTANT, "What holds her sails."),
)


class FormError(ValueError):
    """A conversation that the template cannot write so that its answers can be told apart."""


@dataclass(frozen=True, slots=True)
class Example:
    """An item in tokens.

    Attributes:
        category: as its source calls it.
        written: tokens, and the half-open spans of answers.
        cut: how many tokens were too many.
    """

    category: str
    written: ResumeTokens
    cut: int

    @property
    def answered(self) -> int:
        """How many tokens the loss counts."""
        return sum(end - start for start, end in self.written.answers)


def set_form(tokenizer: Tokenizer, form: Form, base: str) -> int:
    """Give the tokenizer the template of a form; the token that ends an answer.

    Raises:
        SystemExit: if the base has no template, or one whose answers cannot be told apart or have
            no end; says what to do.
    """
    if not tokenizer.is_fast:
        raise SystemExit(f"{base}: has a slow tokenizer; expected one with a tokenizer.json")
    if form is Form.PLAIN:
        if tokenizer.eos_token is None:
            raise SystemExit(f"{base}: has no end-of-text token, so that no answer could end")
        tokenizer.chat_template = ("{{ bos_token }}" if _begins(tokenizer) else "") + PLAIN
    elif not tokenizer.chat_template:
        raise SystemExit(f"{base}: has no chat template; give --form plain, or an instructed base")
    try:
        written = write(tokenizer, _SAMPLE)
    except FormError as error:
        raise SystemExit(f"{base}: {error}; give --form plain") from None
    last = written.tokens[written.answers[-1][1] - 1]
    if last not in _special(tokenizer):
        raise SystemExit(
            f"{base}: its chat template puts no end-of-turn token after an answer, so that a model"
            " tuned on it would never stop; give --form plain"
        )
    return last


def write(tokenizer: Tokenizer, messages: Sequence[Message]) -> ResumeTokens:
    """A conversation in tokens, with the spans of its answers.

    Raises:
        FormError: if the template refuses it, or writes a turn otherwise once more follow.
    """
    whole = _render(tokenizer, messages)
    spans = []
    for place, message in enumerate(messages):
        if message.role is Role.ASSISTANT:
            before = _render(tokenizer, messages[:place], ask=True)
            after = _render(tokenizer, messages[: place + 1])
            if not (whole.startswith(before) and whole.startswith(after)):
                raise FormError("its chat template rewrites a turn when others follow")
            spans.append((len(before), len(after.rstrip("\n"))))
    encoded = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    # A token that lies across the border belongs to the answer.
    ends = [end for _, end in encoded["offset_mapping"]]
    answers = tuple((bisect_right(ends, start), bisect_right(ends, end)) for start, end in spans)
    return ResumeTokens(tuple(encoded["input_ids"]), answers)


def example(tokenizer: Tokenizer, item: Item, category: str, most_tokens: int) -> Example | None:
    """An item cut to a length; None if no token of an answer is left.

    Raises:
        FormError: see `write`.
    """
    written = write(tokenizer, item.messages)
    answers = tuple(
        (start, min(end, most_tokens)) for start, end in written.answers if start < most_tokens
    )
    cut = max(len(written.tokens) - most_tokens, 0)
    if not any(end > start for start, end in answers):
        return None
    return Example(category, ResumeTokens(written.tokens[:most_tokens], answers), cut)


def holds_special(tokenizer: Tokenizer, item: Item) -> bool:
    """Whether a message holds text that the tokenizer would read as one of its own marks."""
    marks = [str(token) for token in tokenizer.all_special_tokens]
    return any(mark in message.content for message in item.messages for mark in marks)


def _render(tokenizer: Tokenizer, messages: Sequence[Message], *, ask: bool = False) -> str:
    from jinja2.exceptions import TemplateError

    turns = [{"role": m.role.value, "content": m.content} for m in messages]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=ask)
    except TemplateError as error:
        raise FormError(f"its chat template refuses a conversation: {error}") from None
    return str(text)


def _begins(tokenizer: Tokenizer) -> bool:
    """Whether the tokenizer itself puts a beginning-of-text token before every text."""
    tokens = tokenizer("a")["input_ids"]
    return tokenizer.bos_token_id is not None and tokens[:1] == [tokenizer.bos_token_id]


def _special(tokenizer: Tokenizer) -> set[int]:
    added = {k for k, token in tokenizer.added_tokens_decoder.items() if token.special}
    return added | set(tokenizer.all_special_ids)
