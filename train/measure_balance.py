"""Measure how evenly public instruction sets are spread over occupations, as the app shows it.

python -m train.measure_balance

Tags every prompt of the sets in `../shared/data/instruct`, corrects the shares by the prompts that
two people read (`assets/occuquest/labels`), and writes `assets/occuquest/reports/balance.json`:
figures only, never a prompt. Takes a few minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from occu_core.occuquest.balance import Weighing
from occu_core.occuquest.balance_correction import Correction, Reading, correct, tags_of_others
from occu_core.occuquest.balance_counts import Counts, Label, tag_offline
from occu_core.occuquest.balance_files import balance_json, correction_json
from occu_core.occuquest.balance_standard import Reference, Standard, standard
from occu_core.occuquest.tagging import NO_OCCUPATION
from train.real_prompts import INSTRUCT, RealPrompt, read_real_prompts

LABELS = Path("assets/occuquest/labels")
OUT = Path("assets/occuquest/reports/balance.json")
Labels = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class PublicSet:
    """What people call a set, and what to know before comparing it."""

    title: str
    caveat: str


SETS: Mapping[str, PublicSet] = {
    "alpaca": PublicSet(
        "Alpaca", "a random draw of 9,229 of its 52,002 instructions, with their inputs."
    ),
    "dolly": PublicSet(
        "Dolly (filtered subset)",
        "about 3,000 of its 15,011 rows, kept by a quality filter and not drawn at random: what"
        " the filter prefers is part of these shares.",
    ),
    "sharegpt": PublicSet("ShareGPT (first prompts)", "500 first prompts of shared chats."),
    "oasst": PublicSet("OpenAssistant", "250 English first prompts written by volunteers."),
    "arena_hard": PublicSet(
        "Arena-Hard", "500 prompts chosen to be hard and spread over topics: a test set."
    ),
    "self_instruct_user_oriented": PublicSet(
        "Self-Instruct, user-oriented", "252 tasks that experts wrote for known applications."
    ),
    "wizardlm": PublicSet("WizardLM test", "218 prompts spread over skills by design: a test set."),
    "koala": PublicSet("Koala test", "180 prompts of real users: a test set."),
    "self_instruct_seeds": PublicSet(
        "Self-Instruct seeds", "the 175 tasks that Alpaca was grown from."
    ),
    "vicuna": PublicSet("Vicuna test", "80 prompts spread over kinds by design: a test set."),
    "mt_bench": PublicSet("MT-Bench", "80 prompts spread over kinds by design: a test set."),
}

HOW = (
    "Every different prompt of a set (the first turn, an instruction with its input) was tagged"
    " with one of the 26 categories, or none, and the likeliest occupation by the shipped"
    " classifier; a prompt that is in two sets counts in the first. Shares corrected for the"
    " tagger's errors use the prompts that two people read without seeing its tag, averaged over"
    " the two, by prediction-powered inference (Angelopoulos et al., Science 2023), each set by"
    " its own read prompts alone. The measures of balance and the occupations are of the tags and"
    " are not corrected. The 92k ShareGPT chats are not here: of them only keyword clusters are"
    " known, which count keywords and not chats, and mix what different occupations do (one joins"
    " React, relationships, history and art), so no honest map leads to the 26 categories."
)


def main(folder: Path, labels: Path, out: Path) -> None:
    """Tag, count, correct and write."""
    prompts = read_real_prompts(folder)
    print(f"{len(prompts):,} prompts of {len({p.dataset for p in prompts})} sets")
    readers = [read_labels(path) for path in sorted(labels.glob("labels_[ab].csv"))]
    print(f"read by {len(readers)} people: {', '.join(str(len(r)) for r in readers) or 'none'}")

    found = {}
    for name, about in SETS.items():
        own = [prompt for prompt in prompts if prompt.dataset == name]
        found[name] = {"title": about.title, "caveat": about.caveat, **measured(own, readers)}
        print(f"{len(own):6,} {about.title}")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    text = json.dumps({"how": HOW, "datasets": found}, indent=1, ensure_ascii=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(out)
    print(out)


def read_labels(path: Path) -> Labels:
    """One reader's category of each prompt by its id; None for no occupation.

    Raises:
        SystemExit: naming file, row and category, if it is none of the 26.
    """
    allowed = {*standard().categories, NO_OCCUPATION}
    with path.open(encoding="utf-8", newline="") as file:
        found = {}
        for number, row in enumerate(csv.DictReader(file), start=2):
            if row["category"] not in allowed:
                raise SystemExit(f"{path.name} row {number}: {row['category']!r} is no category")
            found[row["prompt_id"]] = None if row["category"] == NO_OCCUPATION else row["category"]
    return found


def measured(prompts: Sequence[RealPrompt], readers: Sequence[Labels]) -> dict[str, object]:
    """A set's figures, and its shares corrected by its own read prompts."""
    tags = list(tag_offline([prompt.text for prompt in prompts]))
    balance = Weighing(standard(), Reference.CATEGORIES).measure("", counted(tags, standard()))
    corrected = corrected_by(prompts, tags, readers)
    return {
        "balance": balance_json(balance),
        "corrected": correction_json(corrected) if corrected else None,
    }


def counted(tags: Sequence[Label], of: Standard) -> Counts:
    """Tags as counts."""
    kinds = Counter(tag.category for tag in tags)
    return Counts(
        categories=Counter({c: kinds[c] for c in of.categories if kinds[c]}),
        occupations=Counter(tag.occupation for tag in tags if tag.occupation),
        no_occupation=kinds[None],
        tagged_here=len(tags),
    )


def corrected_by(
    prompts: Sequence[RealPrompt], tags: Sequence[Label], readers: Sequence[Labels]
) -> Correction | None:
    """The corrected shares; None where no two prompts were read by everybody."""
    read = [
        Reading(tag.category, tuple(labels[prompt.prompt_id] for labels in readers))
        for prompt, tag in zip(prompts, tags, strict=True)
        if readers and all(prompt.prompt_id in labels for labels in readers)
    ]
    if len(read) < 2:
        return None
    others = tags_of_others(Counter(tag.category for tag in tags), read)
    return correct(others, read, standard().categories)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=INSTRUCT, help="the public sets")
    parser.add_argument("--labels", type=Path, default=LABELS, help="labels_a.csv, labels_b.csv")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    main(arguments.folder, arguments.labels, arguments.out)
