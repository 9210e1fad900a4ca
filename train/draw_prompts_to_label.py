"""Draw real prompts to be labelled: as many from each public set, in shuffled order.

python -m train.draw_prompts_to_label

Writes `runs/labels/prompts.jsonl` with `id, dataset, prompt`. Readers label each prompt with one of
the 26 categories or `No occupation`, not knowing the tagger's answer. Prompts stay out of the
project; only the labels with the prompts' hashes ship.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from train.real_prompts import INSTRUCT, RealPrompt, read_real_prompts


@dataclass(frozen=True, slots=True)
class DrawSettings:
    """How prompts are drawn."""

    prompts: int = 400
    """How many in all; sets that come first get one more where it does not divide evenly."""
    seed: int = 1
    """Of the draws and of the order."""


def main(folder: Path, out: Path, settings: DrawSettings) -> None:
    """Draw, shuffle and write."""
    drawn = draw(read_real_prompts(folder), settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = (
        json.dumps({"id": p.prompt_id, "dataset": p.dataset, "prompt": p.text}, ensure_ascii=False)
        for p in drawn
    )
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for dataset in dict.fromkeys(p.dataset for p in drawn):
        print(f"{sum(p.dataset == dataset for p in drawn):4} {dataset}")
    print(f"{len(drawn)} prompts in {out}")


def draw(prompts: Sequence[RealPrompt], settings: DrawSettings) -> list[RealPrompt]:
    """The same number of prompts from each set, all sets together in shuffled order."""
    by_set: dict[str, list[RealPrompt]] = {}
    for prompt in prompts:
        by_set.setdefault(prompt.dataset, []).append(prompt)
    draws = random.Random(settings.seed)
    each, left = divmod(settings.prompts, len(by_set))
    drawn = []
    for place, (dataset, found) in enumerate(by_set.items()):
        wanted = each + (place < left)
        if len(found) < wanted:
            raise SystemExit(f"{dataset} has {len(found)} prompts; {wanted} are wanted")
        drawn += draws.sample(found, wanted)
    draws.shuffle(drawn)
    return drawn


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=INSTRUCT, help="the public sets")
    parser.add_argument("--out", type=Path, default=Path("runs/labels/prompts.jsonl"))
    arguments = parser.parse_args()
    main(arguments.folder, arguments.out, DrawSettings())
