"""Language models as judges: each sees every pair in both orders, and is believed where they agree.

Both orders are as in Zheng et al. 2023 (Judging LLM-as-a-Judge, section 3.4): verdicts that differ
once the answers change places count as a tie, and as position inconsistency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from occu_core.endpoints import Caller, Endpoint, Reply, ReplyStore, Usage
from occu_core.endpoints.caller import Answer
from occu_core.pairwise.assignment import answer_pairs, plan
from occu_core.pairwise.judge_prompts import JudgePrompt, judge_prompt, read_verdict
from occu_core.pairwise.judging_people import both_orders
from occu_core.pairwise.store_refusals import StudySettingsError
from occu_core.pairwise.studies import OVERALL, Criterion, Response, StudyQuestion
from occu_core.pairwise.votes import Verdict, Vote

CHARACTERS_A_TOKEN = 4.0
"""English text under the tokenizers in use."""

TOKENS_OUT = 260
"""Reasons and a verdict, as long as judges write where nothing but the prompt limits them."""

SEED = 1


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that votes; among annotators it is `judge:NAME`."""

    name: str
    endpoint: Endpoint

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 150:
            raise StudySettingsError(
                f"the judge's name {self.name[:60]!r} is not one; expected 1–150 characters"
            )

    @property
    def annotator(self) -> str:
        """What its votes are signed with."""
        return f"judge:{self.name}"


@dataclass(frozen=True, slots=True)
class Showing:
    """Two answers in the order in which a judge reads them; `turn` 0 or 1 says which order."""

    question: StudyQuestion
    left: Response
    right: Response
    turn: int

    @property
    def item(self) -> tuple[str, frozenset[str]]:
        """Question and systems, whatever the order."""
        return self.question.question_id, frozenset((self.left.system, self.right.system))

    def prompt(self, criterion: Criterion) -> JudgePrompt:
        """What the judge is asked."""
        return judge_prompt(self.question.text, self.left.text, self.right.text, criterion)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said of one showing; without a verdict, `problem` says why."""

    judge: str
    showing: Showing
    verdict: Verdict | None
    reply: str = ""
    problem: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class JudgingCost:
    """What one judge is expected to take; `known` calls were answered before and cost nothing.

    `cost` is dollars for the others; None where prices are not known.
    """

    judge: str
    calls: int
    known: int
    tokens_in: int
    tokens_out: int
    cost: float | None


def showings(questions: Sequence[StudyQuestion], seed: int = SEED) -> tuple[Showing, ...]:
    """Every pair of different answers to the main questions, in one order and then in the other.

    Which order comes first is balanced between the systems and drawn by the seed.
    """
    pairs, _ = answer_pairs(questions)
    slots = plan(pairs, 2, None, seed)
    if not slots:
        raise StudySettingsError("there is nothing to judge: no two answers to a question differ")
    shown = []
    for number, slot in enumerate(slots):
        pair = pairs[slot.pair]
        left, right = (pair.first, pair.second)[:: 1 if slot.first_on_left else -1]
        shown.append(Showing(questions[pair.question], left, right, int(number >= len(slots) // 2)))
    return tuple(shown)


def judging_cost(
    judge: Judge, shown: Sequence[Showing], replies: ReplyStore, criterion: Criterion = OVERALL
) -> JudgingCost:
    """What a judge will cost, worked out before the first call."""
    endpoint = judge.endpoint
    asked = [showing.prompt(criterion).turns for showing in shown]
    new = [turns for turns in asked if replies.find(endpoint.key(turns)) is None]
    characters = sum(len(turn.content) for turns in new for turn in turns)
    tokens_in = round(characters / CHARACTERS_A_TOKEN)
    tokens_out = len(new) * min(TOKENS_OUT, endpoint.max_tokens)
    cost = endpoint.cost(tokens_in, tokens_out) if endpoint.priced else None
    return JudgingCost(judge.name, len(asked), len(asked) - len(new), tokens_in, tokens_out, cost)


async def ask_judge(
    judge: Judge,
    shown: Sequence[Showing],
    replies: ReplyStore,
    cap: float | None = None,
    criterion: Criterion = OVERALL,
    on_reply: Callable[[Usage], None] = lambda usage: None,
) -> tuple[Judgement, ...]:
    """Everything a judge says, in the order of `shown`; what was answered before is not asked.

    Raises:
        CapReachedError, EndpointRefusedError: after the calls under way have been answered.
    """
    prompts = [showing.prompt(criterion) for showing in shown]
    async with Caller(judge.endpoint, replies, cap) as caller:
        answers = await caller.ask_all(
            [prompt.turns for prompt in prompts], lambda *_: on_reply(caller.usage)
        )
    found = zip(shown, prompts, answers, strict=True)
    return tuple(_judgement(judge, showing, prompt, said) for showing, prompt, said in found)


def raw_votes(judgements: Iterable[Judgement], criterion: Criterion = OVERALL) -> list[Vote]:
    """Two votes an item, one for each order, for those items on which both orders were read."""
    return [vote for both in _in_both_orders(judgements, criterion) for vote in both]


def settled_votes(judgements: Iterable[Judgement], criterion: Criterion = OVERALL) -> list[Vote]:
    """One vote an item: what both orders say, else a tie; its sides are those shown first."""
    return [_settled(*both) for both in _in_both_orders(judgements, criterion)]


def _settled(first: Vote, second: Vote) -> Vote:
    agreed = both_orders((first, second))
    return first if agreed is first.outcome else replace(first, verdict=Verdict.TIE)


def _judgement(judge: Judge, showing: Showing, prompt: JudgePrompt, said: Answer) -> Judgement:
    if not isinstance(said, Reply):
        return Judgement(judge.name, showing, None, problem=f"no answer: {said}")
    verdict = None if said.cut else read_verdict(said.text, prompt.sign)
    last = said.text.strip().rpartition("\n")[2].strip()
    problem = ""
    if said.cut:
        problem = f"the reply was cut at {judge.endpoint.max_tokens} tokens; raise --max-tokens"
    elif verdict is None:
        problem = f"the last line is {last[:60]!r}; expected {prompt.sign}: A | B | TIE | BOTH_BAD"
    return Judgement(judge.name, showing, verdict, said.text, problem, said.made_at)


def _in_both_orders(
    judgements: Iterable[Judgement], criterion: Criterion
) -> list[tuple[Vote, Vote]]:
    """The votes on each item that a judge gave a verdict on in both orders."""
    items: dict[object, list[Judgement]] = {}
    for one in judgements:
        if one.verdict is not None:
            items.setdefault((one.judge, one.showing.item), []).append(one)
    both = [sorted(read, key=lambda one: one.showing.turn) for read in items.values()]
    return [
        (_vote(read[0], criterion, read), _vote(read[1], criterion, read))
        for read in both
        if len(read) == 2
    ]


def _vote(one: Judgement, criterion: Criterion, both: Sequence[Judgement]) -> Vote:
    """One order's vote, both with the time of the later: sorting keeps them in their order."""
    if one.verdict is None:
        raise ValueError(f"question {one.showing.question.question_id}: there is no verdict")
    return Vote(
        question_id=one.showing.question.question_id,
        system_left=one.showing.left.system,
        system_right=one.showing.right.system,
        verdict=one.verdict,
        annotator=f"judge:{one.judge}",
        response_left=one.showing.left.text,
        response_right=one.showing.right.text,
        category=one.showing.question.category,
        criterion=criterion.name,
        time=max(each.time for each in both) or None,
        group=one.showing.question.group,
        automatic=True,
    )
