"""What the tagger learns from and is chosen on: texts with the classes that count as right."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.occuquest.item_files import read_items
from occu_core.occuquest.tagging import NO_OCCUPATION
from occu_core.occuquest.taxonomy import OccuQuestOccupation, categories, occupations
from train.expert_questions import Part, read_expert_questions
from train.real_prompts import read_real_prompts
from train.soc_categories import categories_of, read_onet, read_prefixes

CLASSES = (*categories(), NO_OCCUPATION)
READ_LABELS = asset_path("occuquest", "labels") / "labels_train.csv"
MOST_TASKS = 6
SAMPLE = asset_path("occuquest", "sample")


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the classes that count as right for it."""

    text: str
    accepted: tuple[str, ...]


def accepted_matrix(examples: Iterable[Example]) -> npt.NDArray[np.bool_]:
    """[i, c]: whether class c is right for example i."""
    return np.array([[name in one.accepted for name in CLASSES] for one in examples])


def read_prompts(part: Part) -> list[Example]:
    """Real prompts that one reader labelled; a random draw's third (by hash) is for choosing.

    Prompts of the likelier draw, which a first model thought to be about work, only train: they are
    no random sample of anything.
    """
    texts = {prompt.prompt_id: prompt.text for prompt in read_real_prompts()}
    with READ_LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Example(texts[row["prompt_id"]], tuple(row["categories"].split("|")))
        for row in rows
        if _read_part(row["prompt_id"], row["draw"]) is part
    ]


def experts(part: Part) -> list[Example]:
    """ExpertQA's questions of one part."""
    return [Example(q.text, q.accepted) for q in read_expert_questions(part)]


def sample_questions() -> list[Example]:
    """The questions of the sample written for the project, which no test uses."""
    return [
        Example(item.question, (item.category,))
        for path in sorted(SAMPLE.glob("*.jsonl"))
        for item in read_items(path)
        if item.category
    ]


def occupational_texts() -> list[Example]:
    """O*NET's tasks, descriptions and titles, and the taxonomy's names."""
    prefixes = read_prefixes()
    found = [Example(one.name, one.categories) for one in occupations()]
    for name, column in (
        ("Occupation Data.txt", "Title"),
        ("Occupation Data.txt", "Description"),
        ("Task Statements.txt", "Task"),
    ):
        found += [
            Example(row[column], kinds)
            for row in read_onet(name)
            if (kinds := categories_of(row["O*NET-SOC Code"], prefixes))
        ]
    return found


def said_of(one: OccuQuestOccupation) -> list[str]:
    """What O*NET says of an occupation: title, description and its first tasks, else its name."""
    return _said_of().get(one.soc, [one.name])


def taught_texts(*, with_experts: bool) -> list[Example]:
    """Everything that is repeated in each epoch: read prompts, the sample, experts' questions."""
    return [
        *read_prompts(Part.TRAIN),
        *sample_questions(),
        *(experts(Part.TRAIN) if with_experts else []),
    ]


def meaning_vectors(
    encode: Callable[[list[str]], npt.NDArray[np.float32]],
) -> npt.NDArray[np.float32]:
    """A unit vector for each occupation: half its name, half the mean of what O*NET says of it."""
    own = encode([one.name for one in occupations()])
    texts = list(dict.fromkeys(text for one in occupations() for text in said_of(one)))
    vectors = dict(zip(texts, encode(texts), strict=True))
    found = []
    for one, name in zip(occupations(), own, strict=True):
        said = np.mean([vectors[text] for text in said_of(one)], axis=0)
        found.append(name + said / np.linalg.norm(said))
    stacked = np.stack(found)
    unit: npt.NDArray[np.float32] = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
    return unit


def _read_part(prompt_id: str, draw: str) -> Part:
    chooses = draw == "random" and int(prompt_id, 16) % 3 == 0
    return Part.VALID if chooses else Part.TRAIN


@cache
def _said_of() -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for row in read_onet("Occupation Data.txt"):
        said[row["O*NET-SOC Code"]] = [row["Title"], row["Description"]]
    for row in read_onet("Task Statements.txt"):
        if len(said[row["O*NET-SOC Code"]]) < 2 + MOST_TASKS:
            said[row["O*NET-SOC Code"]].append(row["Task"])
    return said
