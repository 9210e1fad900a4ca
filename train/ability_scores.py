"""What lm-evaluation-harness returned, as scores of tasks and of the groups they were asked in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from occu_core.evaluation.ability import AbilityScore
from occu_core.evaluation.reports import Interval
from occu_core.explain.observed import wilson

_GUESSED = {"acc", "acc_norm", "acc_bytes"}
_NORMAL = 1.959964


@dataclass(frozen=True, slots=True)
class _Asked:
    """A task's items, or those of all tasks of a group."""

    items: int
    shots: int | None
    chance: float | None
    hashes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The same for the same items, in whatever order."""
        return sha256("".join(sorted(self.hashes)).encode()).hexdigest()[:16]

    @classmethod
    def of_group(cls, parts: Sequence[_Asked]) -> _Asked:
        """All items of some tasks; guessing weighs each task by its items."""
        items = sum(part.items for part in parts)
        chances = [part.chance for part in parts]
        known = [chance for chance in chances if chance is not None]
        guessed = [part.items * (part.chance or 0.0) for part in parts]
        shots = {part.shots for part in parts}
        return cls(
            items,
            shots.pop() if len(shots) == 1 else None,
            sum(guessed) / items if len(known) == len(chances) else None,
            tuple(hashed for part in parts for hashed in part.hashes),
        )


def ability_scores(
    results: Mapping[str, Any], groups: Mapping[str, Sequence[str]]
) -> Iterator[AbilityScore]:
    """Each measure that is a share and better the higher, in the harness's order.

    Args:
        results: as `lm_eval.evaluate` returns them, with samples.
        groups: the tasks and groups directly in each group.
    """
    asked = {task: _asked(results, task) for task in results["samples"]}
    for group in groups:
        tasks = list(dict.fromkeys(_tasks(group, groups)))
        asked[group] = _Asked.of_group([asked[task] for task in tasks])
    for name, measured in (results["results"] | results.get("groups", {})).items():
        better = results["higher_is_better"].get(name, {})
        for key, value in measured.items():
            metric, _, kind = key.partition(",")
            if not kind or "_stderr" in metric or not better.get(metric, True):
                continue
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                continue
            about = asked[name]
            yield AbilityScore(
                task=name,
                measure=metric if kind == "none" else f"{metric} ({kind})",
                score=share_of(float(value), about.items, measured.get(f"{metric}_stderr,{kind}")),
                items=about.items,
                shots=about.shots,
                version=str(results["versions"].get(name, "")),
                chance=about.chance if metric in _GUESSED else None,
                part_of=next((group for group, parts in groups.items() if name in parts), None),
                items_digest=about.digest,
            )


def share_of(value: float, items: int, error: object) -> Interval:
    """A mean over items with its 95% interval.

    Wilson's where the mean can be of right and wrong items; otherwise 1.96 standard errors each
    way, within 0 and 1; none where the harness knows no standard error.
    """
    right = round(value * items)
    if abs(value * items - right) < 1e-6:
        low, high = wilson(right, items)
        return Interval(value, min(low, value), max(high, value))
    if not isinstance(error, int | float):
        return Interval(value)
    half = _NORMAL * error
    return Interval(value, max(0.0, value - half), min(1.0, value + half))


def cut_items(
    samples: Mapping[str, Sequence[Mapping[str, Any]]],
    length: Callable[[str], int],
    longest: int,
) -> int:
    """How many items have a text longer than the model reads, so that it lost its beginning.

    Args:
        samples: the items of each task with their requests.
        length: how many tokens a text has.
        longest: how many tokens the model reads, with what it writes.
    """
    cut = {
        (task, sample["doc_id"])
        for task, items in samples.items()
        for sample in items
        if any(_length(request, length) > longest for request in sample["arguments"])
    }
    return len(cut)


def _length(request: tuple[str, Any], length: Callable[[str], int]) -> int:
    """Of a context and its answer, or of a context and the room for an answer, in tokens."""
    context, after = request
    if isinstance(after, str):
        return length(context + after) - 1  # the last token is only predicted
    room = next((after[key] for key in ("max_gen_toks", "max_tokens") if key in after), 256)
    return length(context) + int(room)


def _asked(results: Mapping[str, Any], task: str) -> _Asked:
    samples = results["samples"][task]
    config = results["configs"][task]
    choices = [len(sample["resps"]) for sample in samples]
    guessed = config["output_type"] == "multiple_choice" and min(choices, default=0) > 1
    return _Asked(
        len({sample["doc_id"] for sample in samples}),
        results["n-shot"].get(task),
        sum(1 / count for count in choices) / len(choices) if guessed else None,
        tuple({sample["doc_id"]: sample["doc_hash"] for sample in samples}.values()),
    )


def _tasks(name: str, groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The tasks in a group, through the groups in it."""
    if name not in groups:
        yield name
    for part in groups.get(name, ()):
        yield from _tasks(part, groups)
