"""Every question answered by one system; what was answered before is neither asked nor paid again.

Replies are kept one by one as they come, under a digest of all that decides them. A killed run so
goes on where it was, and ends with the same answers as an unbroken one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from occu_core.answering.answer_files import SystemAnswer
from occu_core.answering.questions import Question
from occu_core.answering.sources import LocalSource, ServerSource, Writing
from occu_core.endpoints import Caller, Endpoint, Reply, ReplyStore, Usage
from occu_core.endpoints.replies import now
from occu_core.models.storage import base_of

if TYPE_CHECKING:
    from occu_core.answering.local_model import LocalModel

CHARACTERS_A_TOKEN = 4.0
"""English text under the tokenizers in use."""

TOKENS_OUT = 320
"""An answer as long as models write to such questions where nothing but the limit stops them."""

SERVER_FORM = "messages"
_DECIDE = ("*.safetensors", "tokenizer*.json", "chat_template*", "*config.json")


@dataclass(frozen=True, slots=True)
class Responses:
    """What came of a run; `failed` are questions without an answer, with the reason."""

    answers: tuple[SystemAnswer, ...]
    failed: tuple[tuple[Question, str], ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class RespondingCost:
    """What answering is expected to take; `known` questions were answered before.

    `cost` is dollars for the others; None where prices are not known.
    """

    questions: int
    known: int
    tokens_in: int
    tokens_out: int
    cost: float | None


def endpoint_with(endpoint: Endpoint, writing: Writing) -> Endpoint:
    """An endpoint that is asked to write so."""
    return replace(
        endpoint,
        temperature=writing.temperature,
        max_tokens=writing.max_tokens,
        seed=writing.seed,
    )


def responding_cost(
    endpoint: Endpoint, questions: Sequence[Question], replies: ReplyStore
) -> RespondingCost:
    """What a server will cost, worked out before the first call."""
    new = [one for one in questions if replies.find(endpoint.key(one.turns)) is None]
    tokens_in, tokens_out = _tokens(new, endpoint.max_tokens)
    cost = endpoint.cost(tokens_in, tokens_out) if endpoint.priced else None
    return RespondingCost(len(questions), len(questions) - len(new), tokens_in, tokens_out, cost)


def local_cost(
    print_of: str, questions: Sequence[Question], writing: Writing, replies: ReplyStore
) -> RespondingCost:
    """What a model on this computer is asked; it costs time, and no money."""
    new = [one for one in questions if replies.find(local_key(print_of, one, writing)) is None]
    known = len(questions) - len(new)
    return RespondingCost(len(questions), known, *_tokens(new, writing.max_tokens), 0.0)


def _tokens(questions: Sequence[Question], max_tokens: int) -> tuple[int, int]:
    """Tokens read and written, as far as they can be told beforehand."""
    characters = sum(len(turn.content) for one in questions for turn in one.turns)
    return round(characters / CHARACTERS_A_TOKEN), len(questions) * min(TOKENS_OUT, max_tokens)


async def ask_server(
    source: ServerSource,
    questions: Sequence[Question],
    replies: ReplyStore,
    on_reply: Callable[[Usage], None] = lambda usage: None,
) -> Responses:
    """Every question asked of a server, a bounded number at a time.

    Raises:
        CapReachedError, EndpointRefusedError: after the calls under way have been answered.
    """
    async with Caller(source.endpoint, replies, source.cap) as caller:
        found = await caller.ask_all(
            [one.turns for one in questions], lambda *_: on_reply(caller.usage)
        )
        usage = caller.usage
    pairs = list(zip(questions, found, strict=True))
    return Responses(
        tuple(
            SystemAnswer(question, source.name, said, SERVER_FORM)
            for question, said in pairs
            if isinstance(said, Reply)
        ),
        tuple((question, str(said)) for question, said in pairs if not isinstance(said, Reply)),
        usage,
    )


def ask_local(  # noqa: PLR0913 - whom, what, how, and who is told
    model: LocalModel,
    source: LocalSource,
    questions: Sequence[Question],
    writing: Writing,
    replies: ReplyStore,
    *,
    batch: int = 8,
    on_reply: Callable[[int], None] = lambda done: None,
) -> Responses:
    """Every question asked of a model on this computer, so many at once.

    A question that the model cannot read is left out, with the reason.
    """
    print_of = fingerprint(source)
    keys = {one.question_id: local_key(print_of, one, writing) for one in questions}
    found = {name: kept for name, key in keys.items() if (kept := replies.find(key))}
    known = len(found)
    prompts, failed = _prompts(model, [one for one in questions if one.question_id not in found])
    on_reply(known + len(failed))
    for names in _batches(prompts, model, writing, batch):
        written = model.write([prompts[name] for name in names], writing)
        for name, one in zip(names, written, strict=True):
            said = Reply(one.text, source.place, one.tokens_in, one.tokens_out, 0.0, one.cut, now())
            replies.keep(keys[name], said, replies.enter(keys[name], 0.0))
            found[name] = said
        on_reply(len(found) + len(failed))
    return Responses(
        tuple(
            SystemAnswer(one, source.name, found[one.question_id], model.form)
            for one in questions
            if one.question_id in found
        ),
        tuple(failed),
        Usage(calls=len(found) - known, cached=known, failed=len(failed)),
    )


def fingerprint(source: LocalSource) -> str:
    """A digest of which files a model has, their sizes and times; another model is another digest.

    Weights are not read: that of a large model would take minutes.
    """
    folders = [Path(source.place)]
    if base := base_of(folders[0]):
        folders.append(Path(base))
    files = [
        (file.name, file.stat().st_size, file.stat().st_mtime_ns)
        for folder in folders
        for pattern in _DECIDE
        for file in sorted(folder.glob(pattern))
    ]
    quantised = source.quantised or ""
    return sha256(
        json.dumps([source.place if not files else "", quantised, files]).encode()
    ).hexdigest()


def local_key(print_of: str, question: Question, writing: Writing) -> str:
    """What decides an answer, as a digest."""
    asked = [print_of, [asdict(turn) for turn in question.turns], asdict(writing)]
    return sha256(json.dumps(asked).encode()).hexdigest()


def _prompts(
    model: LocalModel, questions: Sequence[Question]
) -> tuple[dict[str, list[int]], list[tuple[Question, str]]]:
    """The tokens of each question by its id, and the questions that cannot be read."""
    prompts: dict[str, list[int]] = {}
    failed: list[tuple[Question, str]] = []
    for one in questions:
        try:
            prompts[one.question_id] = model.prompt(one.turns)
        except ValueError as error:
            failed.append((one, str(error)))
    return prompts, failed


def _batches(
    prompts: dict[str, list[int]], model: LocalModel, writing: Writing, batch: int
) -> Iterator[list[str]]:
    """Questions of like length together; one that leaves less room than wanted stands alone."""
    ordered = sorted(prompts, key=lambda name: len(prompts[name]))
    roomy = [n for n in ordered if model.room(prompts[n], writing) == writing.max_tokens]
    for start in range(0, len(roomy), batch):
        yield roomy[start : start + batch]
    tight = set(ordered) - set(roomy)
    yield from ([name] for name in ordered if name in tight)
