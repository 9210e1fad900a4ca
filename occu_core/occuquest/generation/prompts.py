"""The prompts of each stage, written for this project; a change of wording is a new version."""

from __future__ import annotations

import json
from dataclasses import dataclass

from occu_core.endpoints import Turn, conversation
from occu_core.occuquest.generation.plan import Sizes, Stage, Subject

PROMPT_VERSION = "1"

_ABOUT = """\
Occupation: {occupation}
Field: {category}
"""
_TOPIC = """\
Responsibility: {responsibility}
Topic: {topic}
Features of the topic: {features}
"""

TEMPLATES: dict[Stage, str] = {
    Stage.RESPONSIBILITIES: _ABOUT
    + """
Name {count} responsibilities of this occupation. Word each as a duty in 5 to 15 words, as people \
who do the work would. Together they cover the whole job, the daily routine as well as the rare \
and difficult case, and no two of them overlap.

Answer with a JSON list of {count} strings and with nothing else.""",
    Stage.TOPICS: _ABOUT
    + """\
Responsibility: {responsibility}

Name {count} topics within this responsibility that one has to know about to do it well. Give \
each topic 3 to 5 features: the tools, rules, quantities, situations or trade-offs that make it \
concrete.

Answer with a JSON list of {count} objects, each like \
{{"topic": "...", "features": ["...", "...", "..."]}}, and with nothing else.""",
    Stage.QUESTIONS: _ABOUT
    + _TOPIC
    + """
Write {count} questions on this topic that someone could really put to a person of this \
occupation: a learner, a colleague, a customer, a manager. Each question stands on its own, says \
in what situation it arises, asks for one thing, and can be answered in writing without anything \
attached. Let them differ in who asks, in how hard they are, and in how they begin.

Answer with a JSON list of {count} strings and with nothing else.""",
    Stage.ANSWERS: """\
You have the knowledge and experience of this occupation: {occupation} ({category}). Answer the \
question as a good practitioner would: correct, complete, and specific to the work. Name the \
steps, tools, quantities and rules that matter, and say why. Say so where local rules differ, \
where a licensed professional has to decide, or where it is an emergency. Begin with the answer \
itself; do not repeat the question and do not speak about yourself. Write 100 to 250 words of \
plain text.""",
    Stage.DIALOGUES: _ABOUT
    + _TOPIC
    + """
Write a conversation between a user with a real need in this matter and an assistant with the \
knowledge and experience of this occupation. The user speaks {count} times and the assistant \
answers {count} times, beginning with the user. Each turn of the user follows from the answer \
before it: a detail, an obstacle, a doubt. The assistant asks back where something decisive is \
missing, and is correct and specific to the work; each of its turns has 40 to 150 words. Nobody \
mentions being a program.

Answer with a JSON list of {double} objects, each like \
{{"role": "user", "content": "..."}} or {{"role": "assistant", "content": "..."}}, and with \
nothing else.""",
}


@dataclass(frozen=True, slots=True)
class Brief:
    """What is known so far on the way from an occupation to an item."""

    subject: Subject
    responsibility: str = ""
    topic: str = ""
    features: tuple[str, ...] = ()
    question: str = ""


def prompt(stage: Stage, brief: Brief, sizes: Sizes) -> tuple[Turn, ...]:
    """The messages that ask for the next step."""
    count = expected(stage, sizes)
    filled = TEMPLATES[stage].format(
        occupation=brief.subject.occupation,
        category=brief.subject.category,
        responsibility=brief.responsibility,
        topic=brief.topic,
        features=json.dumps(brief.features, ensure_ascii=False),
        count=count,
        double=2 * count,
    )
    if stage is Stage.ANSWERS:
        return conversation(brief.question, system=filled)
    return conversation(filled)


def expected(stage: Stage, sizes: Sizes) -> int:
    """How many elements a reply should have; the turns of one side in a dialogue."""
    return {
        Stage.RESPONSIBILITIES: sizes.responsibilities,
        Stage.TOPICS: sizes.topics,
        Stage.QUESTIONS: sizes.questions,
        Stage.ANSWERS: 1,
        Stage.DIALOGUES: sizes.turns,
    }[stage]
