"""Measure the tagger: on experts' questions, on real prompts read twice, and its speed.

python -m train.measure_tagger --without-experts runs/tagger/zero

Writes `assets/occuquest/reports/tagger.json`. Intervals are 95%, by resampling different questions.
The test half of ExpertQA was split off by a hash before anything looked at it.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import cohen_kappa_score

from occu_core.assets import asset_path
from occu_core.evaluation.bootstrap import BlockBootstrap
from occu_core.occuquest.tagging import NO_OCCUPATION, Tag, Tagger, load_tagger
from train.expert_questions import ExpertQuestion, Part, read_expert_questions
from train.real_prompts import RealPrompt, read_real_prompts
from train.tagger_baselines import baselines

SHIPPED = asset_path("occuquest") / "tagger"
LABELS = asset_path("occuquest") / "labels"
REPORT = asset_path("occuquest") / "reports" / "tagger.json"
Right = npt.NDArray[np.bool_]


def main(without_experts: Path | None, out: Path) -> None:
    """Measure each thing and write the report."""
    tagger = load_tagger()
    report: dict[str, object] = {
        "made_by": "python -m train.measure_tagger",
        "model": {
            "name": "all-MiniLM-L6-v2, upper half taught, 8-bit weights",
            "weights_sha256": sha256((SHIPPED / "model.safetensors").read_bytes()).hexdigest(),
            "megabytes": round(sum(f.stat().st_size for f in SHIPPED.iterdir()) / 1e6, 1),
            **json.loads((SHIPPED / "tagger.json").read_text(encoding="utf-8"))["taught"],
        },
        "experts": expert_report(tagger, without_experts),
        "prompts": prompts_report(tagger),
        "speed": speed_report(tagger),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1, ensure_ascii=False))


def expert_report(tagger: Tagger, without_experts: Path | None) -> dict[str, object]:
    """Accuracy on ExpertQA's test half; saying that there is no occupation is wrong there."""
    questions = read_expert_questions(Part.TEST)
    texts = [question.text for question in questions]
    tags = tagger.tag(texts)
    right = {"tagger": _right(questions, [tag.category for tag in tags])}
    if without_experts is not None:
        found = load_tagger(without_experts).tag(texts)
        right["tagger, untaught in experts' questions"] = _right(
            questions, [tag.category for tag in found]
        )
    compared = {name: predict(texts) for name, predict in baselines().items()}
    right |= {name: _right(questions, found) for name, found in compared.items()}
    bootstrap = _by_question(questions)
    of_onet = list(compared)[:3]
    best = max(of_onet, key=lambda name: right[name].mean())
    margin = right["tagger"].astype(float) - right[best]
    return {
        "data": "ExpertQA, test half by hash, fields of expertqa_field_map.csv",
        "n": len(questions),
        "accuracy": {name: _interval(bootstrap, one) for name, one in right.items()},
        "best_baseline_on_onet": best,
        "margin_over_it": _interval(bootstrap, margin),
        "said_no_occupation": round(sum(t.category is None for t in tags) / len(tags), 4),
        "by_field": {
            field: {"n": int(at.sum()), "accuracy": round(float(right["tagger"][at].mean()), 4)}
            for field in sorted({q.field for q in questions})
            for at in [np.array([q.field == field for q in questions])]
        },
        "calibration": calibration(tags, right["tagger"]),
    }


def prompts_report(tagger: Tagger) -> dict[str, object] | None:
    """Accuracy on the prompts read twice, and how far the readers agree; None without labels."""
    first, second = (read_labels(LABELS / f"labels_{who}.csv") for who in "ab")
    prompts = [p for p in read_real_prompts() if p.prompt_id in first and p.prompt_id in second]
    if not prompts:
        return None
    tags = tagger.tag([prompt.text for prompt in prompts])
    said = np.array([tag.category or NO_OCCUPATION for tag in tags])
    a, b = (np.array([labels[p.prompt_id] for p in prompts]) for labels in (first, second))
    either, agreed = (said == a) | (said == b), a == b
    bootstrap = BlockBootstrap(np.arange(len(prompts)))
    sure = BlockBootstrap(np.arange(int(agreed.sum())))
    work = (a != NO_OCCUPATION) & agreed
    return {
        "data": "real prompts of train/draw_prompts_to_label.py, read twice, blind to the tag",
        "n": len(prompts),
        "readers": {
            "agreement": _interval(bootstrap, agreed),
            "kappa": round(float(cohen_kappa_score(a, b)), 4),
            "no_occupation_share": [round(float((x == NO_OCCUPATION).mean()), 4) for x in (a, b)],
        },
        "accuracy_either_reader": _interval(bootstrap, either),
        "accuracy_where_readers_agree": {"n": int(agreed.sum())} | _interval(sure, either[agreed]),
        "accuracy_against_each_reader": [_interval(bootstrap, said == x) for x in (a, b)],
        "always_no_occupation": _interval(bootstrap, (a == NO_OCCUPATION) | (b == NO_OCCUPATION)),
        "work_found_where_readers_agree": {
            "n": int(work.sum()),
            "accuracy": round(float(either[work].mean()), 4),
            "called_no_occupation": round(float((said[work] == NO_OCCUPATION).mean()), 4),
        },
        "by_dataset": _by_dataset(prompts, either),
        "calibration": calibration(tags, either),
    }


def read_labels(path: Path) -> Mapping[str, str]:
    """A reader's category, or `No occupation`, of each prompt; empty without the file."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["prompt_id"]: row["category"] for row in csv.DictReader(file)}


def calibration(tags: Sequence[Tag], right: Right, bins: int = 10) -> dict[str, object]:
    """Expected calibration error over bins of as many tags each, and the bins."""
    confidence = np.array([tag.confidence for tag in tags], np.float64)
    parts = np.array_split(np.argsort(confidence), bins)
    pairs = [(float(confidence[at].mean()), float(right[at].mean()), len(at)) for at in parts]
    error = sum(abs(c - r) * n for c, r, n in pairs) / len(tags)
    return {"ece": round(error, 4), "bins": [[round(c, 3), round(r, 3), n] for c, r, n in pairs]}


def speed_report(tagger: Tagger, threads: int = 2) -> dict[str, object]:
    """Texts a second on so many threads, the tagger already loaded; the best of three."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    found = {
        "prompts": _rate(tagger, [prompt.text for prompt in read_real_prompts()[:1000]]),
        "questions": _rate(tagger, [q.text for q in read_expert_questions(Part.TRAIN)]),
    }
    torch.set_num_threads(before)
    return {"threads": threads, "texts_per_second": found}


def _rate(tagger: Tagger, texts: Sequence[str]) -> int:
    seconds = min(_seconds(lambda: tagger.tag(texts)) for _ in range(3))
    return round(len(texts) / seconds)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _right(questions: Sequence[ExpertQuestion], found: Sequence[str | None]) -> Right:
    return np.array([one in q.accepted for q, one in zip(questions, found, strict=True)])


def _by_question(questions: Sequence[ExpertQuestion]) -> BlockBootstrap:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(q.key for q in questions))}
    return BlockBootstrap(np.array([numbers[question.key] for question in questions]))


def _by_dataset(prompts: Sequence[RealPrompt], right: Right) -> dict[str, object]:
    names = np.array([prompt.dataset for prompt in prompts])
    return {
        str(name): {
            "n": int((names == name).sum()),
            "accuracy": round(float(right[names == name].mean()), 4),
        }
        for name in np.unique(names)
    }


def _interval(
    bootstrap: BlockBootstrap, values: npt.NDArray[np.generic]
) -> dict[str, float | None]:
    ends = asdict(bootstrap.mean(values))
    return {name: None if end is None else round(end, 4) for name, end in ends.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--without-experts", type=Path, help="a tagger not taught ExpertQA")
    parser.add_argument("--out", type=Path, default=REPORT)
    arguments = parser.parse_args()
    main(arguments.without_experts, arguments.out)
