"""From occupations to items, stage by stage; what was answered before is not asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from occu_core.endpoints import Answer, Caller, Reply
from occu_core.occuquest.generation import quality
from occu_core.occuquest.generation.duplicates import near_duplicates
from occu_core.occuquest.generation.parsing import (
    UnreadableError,
    read_briefs,
    read_dialogue,
    read_text,
)
from occu_core.occuquest.generation.plan import Plan, Stage
from occu_core.occuquest.generation.prompts import PROMPT_VERSION, Brief, prompt
from occu_core.occuquest.generation.quality import Fault
from occu_core.occuquest.generation.records import SetAside, StageYield
from occu_core.occuquest.items import Item, Message, Origin, Role

DRAWS = 2
"""How often a model is asked before an unreadable reply is given up."""


_ORDER = {stage: place for place, stage in enumerate(Stage)}

Take = Callable[[int, Brief, Reply], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: in which stage, and how many of its conversations are done."""

    stage: Stage
    done: int
    total: int


class Generation:
    """One run over a plan. Every stage ends before the next begins, in the order of the plan.

    So the items do not depend on the order in which replies arrive; what was made can be read at
    any time, also after a run that was stopped.
    """

    def __init__(
        self, plan: Plan, caller: Caller, on_progress: Callable[[Progress], None] | None = None
    ) -> None:
        self.plan, self.caller = plan, caller
        self.stages = {stage: StageYield(planned=n) for stage, n in plan.calls().items()}
        self._on_progress = on_progress or (lambda _: None)
        self._items: dict[tuple[int, int], Item] = {}
        self._aside: dict[tuple[int, int], list[SetAside]] = {}

    @property
    def items(self) -> list[Item]:
        """What was made so far: answered questions, then dialogues, each in the plan's order."""
        return [self._items[place] for place in sorted(self._items)]

    @property
    def set_aside(self) -> list[SetAside]:
        """What was not used so far, in the plan's order."""
        return [one for place in sorted(self._aside) for one in self._aside[place]]

    async def run(self) -> None:
        """Carry out the plan.

        Raises:
            CapReachedError, EndpointRefusedError: where it could not go on.
        """
        subjects = [Brief(subject) for subject in self.plan.subjects]
        responsibilities = await self._expand(Stage.RESPONSIBILITIES, subjects)
        topics = await self._expand(Stage.TOPICS, responsibilities)
        if self.plan.sizes.questions:
            questions = await self._expand(Stage.QUESTIONS, topics)
            await self._answer(await self._sift(questions))
        if self.plan.sizes.dialogues:
            await self._converse(self._spread(topics))

    async def _expand(self, stage: Stage, briefs: Sequence[Brief]) -> list[Brief]:
        """Every brief's next steps, one brief after the other."""
        found: dict[int, tuple[Brief, ...]] = {}

        def take(position: int, brief: Brief, reply: Reply) -> None:
            read = read_briefs(stage, brief, reply, self.plan.sizes)
            found[position] = read.briefs
            self.stages[stage].made += len(read.briefs)
            if read.faults:
                self._put_aside(stage, position, brief, "; ".join(read.faults), reply.text)

        await self._ask(stage, briefs, take)
        return [brief for position in sorted(found) for brief in found[position]]

    async def _sift(self, questions: Sequence[Brief]) -> list[Brief]:
        """The questions without a fault, and of those that are nearly the same, the first."""
        english = self.plan.english_only
        kept = []
        for position, brief in enumerate(questions):
            if fault := quality.question_fault(brief.question, english_only=english):
                self._leave_out(Stage.QUESTIONS, position, brief, fault, brief.question)
            else:
                kept.append((position, brief))
        alike = await asyncio.to_thread(near_duplicates, [brief.question for _, brief in kept])
        for nth, first in alike.items():
            (position, brief), other = kept[nth], kept[first][1]
            raw = f"{brief.question}\n{other.subject.occupation}: {other.question}"
            self._leave_out(Stage.QUESTIONS, position, brief, Fault.NEAR_DUPLICATE, raw)
        sifted = [brief for nth, (_, brief) in enumerate(kept) if nth not in alike]
        self.stages[Stage.QUESTIONS].made = len(sifted)
        return sifted

    def _spread(self, topics: Sequence[Brief]) -> list[Brief]:
        """The topics that get a dialogue, spread evenly over each occupation's."""
        chosen = []
        for subject in self.plan.subjects:
            own = [brief for brief in topics if brief.subject == subject]
            most = min(self.plan.sizes.dialogues, len(own))
            chosen += [own[nth * len(own) // most] for nth in range(most)]
        return chosen

    async def _answer(self, questions: Sequence[Brief]) -> None:
        def take(position: int, brief: Brief, reply: Reply) -> None:
            text = read_text(reply)
            english = self.plan.english_only
            fault = quality.answer_fault(brief.question, text, cut=reply.cut, english_only=english)
            if fault:
                self._leave_out(Stage.ANSWERS, position, brief, fault, reply.text)
                return
            said = Message(Role.USER, brief.question), Message(Role.ASSISTANT, text)
            self._keep(Stage.ANSWERS, position, brief, said, reply)

        await self._ask(Stage.ANSWERS, questions, take)

    async def _converse(self, topics: Sequence[Brief]) -> None:
        def take(position: int, brief: Brief, reply: Reply) -> None:
            said = read_dialogue(reply, self.plan.sizes)
            if fault := quality.dialogue_fault(said, english_only=self.plan.english_only):
                self._leave_out(Stage.DIALOGUES, position, brief, fault, reply.text)
            else:
                self._keep(Stage.DIALOGUES, position, brief, said, reply)

        await self._ask(Stage.DIALOGUES, topics, take)

    async def _ask(self, stage: Stage, briefs: Sequence[Brief], take: Take) -> None:
        """Hand each reply to `take`; what it cannot read is asked for once more."""
        self.stages[stage].planned = len(briefs)
        waiting = dict(enumerate(briefs))
        for draw in range(DRAWS):
            waiting = await self._draw(stage, waiting, take, draw)

    async def _draw(
        self, stage: Stage, briefs: dict[int, Brief], take: Take, draw: int
    ) -> dict[int, Brief]:
        """Ask about each brief; returns those whose reply could not be read."""
        counts, places = self.stages[stage], list(briefs)
        unread: dict[int, Brief] = {}

        def arrived(nth: int, answer: Answer) -> None:
            position = places[nth]
            brief = briefs[position]
            counts.asked += draw == 0
            try:
                if isinstance(answer, Reply):
                    take(position, brief, answer)
                else:
                    counts.failed += 1
                    self._put_aside(stage, position, brief, str(answer), "")
            except UnreadableError as error:
                counts.unreadable += 1
                unread[position] = brief
                raw = answer.text if isinstance(answer, Reply) else ""
                self._put_aside(stage, position, brief, str(error), raw)
            self._on_progress(Progress(stage, counts.asked, counts.planned))

        prompts = [prompt(stage, brief, self.plan.sizes) for brief in briefs.values()]
        await self.caller.ask_all(prompts, arrived, draw)
        return dict(sorted(unread.items()))

    def _keep(
        self,
        stage: Stage,
        position: int,
        brief: Brief,
        said: tuple[Message, ...],
        reply: Reply,
    ) -> None:
        self.stages[stage].made += 1
        self._items[_ORDER[stage], position] = Item(
            said,
            brief.subject.category,
            brief.subject.occupation,
            brief.responsibility,
            brief.topic,
            brief.features,
            Origin(reply.model, PROMPT_VERSION, reply.made_at),
        )

    def _leave_out(self, stage: Stage, position: int, brief: Brief, fault: Fault, raw: str) -> None:
        left_out = self.stages[stage].left_out
        left_out[fault.value] = left_out.get(fault.value, 0) + 1
        self._put_aside(stage, position, brief, fault.value, raw)

    def _put_aside(self, stage: Stage, position: int, brief: Brief, reason: str, raw: str) -> None:
        about = brief.subject
        one = SetAside(stage, about.occupation, about.category, reason, raw)
        self._aside.setdefault((_ORDER[stage], position), []).append(one)
