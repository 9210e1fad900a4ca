"""Measure the matcher on titles it has not learned from, beside simpler ways, in the same run.

python -m train.measure_matcher --measured runs/matcher/measured

Writes `assets/matching/report.json`. A test title is one whose form (case, marks, word order,
plurals, abbreviations) occurs in no source's training part; any code listed for it by any source
counts as right. Every system learns from the same titles. Intervals are 95%, by resampling titles.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.evaluation.bootstrap import BlockBootstrap
from occu_core.matching.matcher import TitleMatcher, load_matcher
from occu_core.matching.weights import SETTINGS, WEIGHTS
from train.matcher_baselines import (
    BASELINES,
    PENALTIES,
    RANGES,
    Baseline,
    TitleData,
    spoken,
)
from train.matcher_choices import ranks_of
from train.matcher_lessons import CACHE, first_text, shares_of
from train.matcher_titles import ListedTitle, Part, Source, read_titles

SHIPPED = asset_path("matching")
MATCHER = "matcher"
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
_TIMED = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A title as one source writes it, to be matched."""

    title: int
    source: Source | None
    text: str


@dataclass(frozen=True, slots=True)
class AskedBaseline:
    """A tuned baseline's scores of the test titles; shape (texts, codes)."""

    name: str
    scores: Floats
    chosen: str
    tried: dict[str, float]


def main(measured: Path, out: Path) -> None:
    """Ask every system the same, and write the report."""
    titles = read_titles()
    tested = [title for title in titles if title.part is Part.TEST and title.is_listed]
    asked = questions(tested)
    matcher = load_matcher(measured)
    codes = [occupation.code for occupation in matcher.jobs]
    accepted = shares_of(tested, codes)[[one.title for one in asked]] > 0
    texts = list(dict.fromkeys(one.text for one in asked))
    place = {text: number for number, text in enumerate(texts)}
    rows = np.array([place[one.text] for one in asked])

    shares = _in_batches(matcher, texts)
    ranks = {MATCHER: ranks_of(shares[rows], accepted)}
    tuned: dict[str, object] = {}
    train, valid = (_of_part(titles, codes, part) for part in (Part.TRAIN, Part.VALID))
    for build in BASELINES:
        asked_of = kept_or_asked(build, train, valid, [spoken(text) for text in texts])
        ranks[asked_of.name] = ranks_of(asked_of.scores[rows], accepted)
        tuned[asked_of.name] = {
            "chosen": asked_of.chosen,
            "tried_top1_on_valid": asked_of.tried,
        }
        print(f"{asked_of.name}: {asked_of.chosen}", flush=True)

    sources = np.array([str(one.source) for one in asked])
    report: dict[str, object] = {
        "made_by": "python -m train.measure_matcher --measured runs/matcher/measured",
        "split": "a tenth for test, a tenth to choose on, by a hash of the normalised title",
        "learned_titles": json.loads((measured / SETTINGS).read_text("utf-8"))["taught"],
        "measured_weights_sha256": _digest(measured),
        "baselines": tuned,
        "all": compared(ranks, sources == "None"),
        "by_source": {
            source.value: compared(ranks, sources == source.value)
            for source in Source
            if source is not Source.OFFICIAL
        },
        "in_several_sources": compared(ranks, _in_several(asked, tested)),
    }
    at = sources == "None"
    one_each = [one for one, chosen in zip(asked, at, strict=True) if chosen]
    report |= sure_report(matcher, [one.text for one in one_each], accepted[at])
    report["milliseconds_a_title"] = speed(matcher, [one.text for one in one_each][:_TIMED])
    report["shipped"] = shipped_report(titles, codes)
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1, ensure_ascii=False))


def questions(titles: Sequence[ListedTitle]) -> list[Asked]:
    """Each title once in its first form, and once as each source writes it."""
    asked = []
    for number, title in enumerate(titles):
        asked.append(Asked(number, None, first_text(title)))
        asked += [
            Asked(number, source, text)
            for source, text in title.texts.items()
            if source is not Source.OFFICIAL
        ]
    return asked


def compared(ranks: dict[str, npt.NDArray[np.int64]], at: Flags) -> dict[str, object]:
    """Top-1 and top-5 of every system on some rows, and the matcher's lead over the best other."""
    bootstrap = BlockBootstrap(np.arange(int(at.sum())))
    right = {name: found[at] == 0 for name, found in ranks.items()}
    best = max((name for name in ranks if name != MATCHER), key=lambda name: right[name].mean())
    lead = right[MATCHER].astype(float) - right[best]
    return {
        "titles": int(at.sum()),
        **{
            name: {
                "top1": _interval(bootstrap, right[name]),
                "top5": _interval(bootstrap, found[at] < 5),
            }
            for name, found in ranks.items()
        },
        "best_baseline": best,
        "lead_top1": _interval(bootstrap, lead),
    }


def sure_report(matcher: TitleMatcher, texts: list[str], accepted: Flags) -> dict[str, object]:
    """What share of titles the matcher is sure of, how right it is then, and its calibration."""
    matches = matcher.match(texts)
    place = {occupation.code: number for number, occupation in enumerate(matcher.jobs)}
    right = np.array([accepted[i, place[match.best.code]] for i, match in enumerate(matches)])
    confidence = np.array([match.confidence for match in matches])
    sure = confidence >= matcher.sure_from
    doubtful = confidence < matcher.doubtful_below
    every = BlockBootstrap(np.arange(len(matches)))
    those = BlockBootstrap(np.arange(int(sure.sum())))
    parts = np.array_split(np.argsort(confidence), 10)
    bins = [[float(confidence[p].mean()), float(right[p].mean()), len(p)] for p in parts]
    return {
        "sure": {
            "from_confidence": matcher.sure_from,
            "chosen": "on valid, for 95% precision",
            "share": _interval(every, sure),
            "precision": _interval(those, right[sure]),
        },
        "doubtful": {
            "below_confidence": matcher.doubtful_below,
            "share": round(float(doubtful.mean()), 4),
            "right": round(float(right[doubtful].mean()), 4),
        },
        "calibration": {
            "ece": round(sum(abs(c - r) * n for c, r, n in bins) / len(matches), 4),
            "bins": [[round(c, 3), round(r, 3), n] for c, r, n in bins],
        },
    }


def speed(matcher: TitleMatcher, texts: list[str]) -> dict[str, float]:
    """Milliseconds for a title asked by itself, on one thread, the matcher already loaded."""
    times = []
    for text in texts:
        started = time.perf_counter()
        matcher.match([text])
        times.append(1000 * (time.perf_counter() - started))
    median, high = np.percentile(times, (50, 99))
    return {"titles": len(times), "median": round(median, 3), "99th_percentile": round(high, 3)}


def shipped_report(titles: Sequence[ListedTitle], codes: Sequence[str]) -> dict[str, object] | None:
    """The weights that ship have learned every title: how many of them they have kept."""
    if not (SHIPPED / WEIGHTS).exists():
        return None
    listed = [title for title in titles if title.is_listed]
    accepted = shares_of(listed, codes) > 0
    shares = _in_batches(load_matcher(SHIPPED), [first_text(title) for title in listed])
    ranks = ranks_of(shares, accepted)
    return {
        "note": "learned from all titles, these included: no measure of new ones",
        "weights_sha256": _digest(SHIPPED),
        "megabytes": round(sum(file.stat().st_size for file in SHIPPED.iterdir()) / 1e6, 2),
        "learned_titles": len(listed),
        "top1_on_learned_titles": round(float((ranks == 0).mean()), 4),
        "top5_on_learned_titles": round(float((ranks < 5).mean()), 4),
    }


def kept_or_asked(
    build: Callable[[TitleData, TitleData], Baseline],
    train: TitleData,
    valid: TitleData,
    texts: list[str],
) -> AskedBaseline:
    """A baseline's scores; kept from an interrupted run on the same titles where there was one."""
    every = "\n".join([*train.texts, *valid.texts, *texts, str(RANGES), str(PENALTIES)])
    name = f"{build.__name__}-{sha256(every.encode()).hexdigest()[:12]}"
    path = CACHE / f"{name}.npz"
    if not path.exists():
        made = build(train, valid)
        path.parent.mkdir(parents=True, exist_ok=True)
        said = json.dumps([made.name, made.chosen, made.tried])
        partial = path.with_name(f".{name}.partial.npz")
        np.savez(partial, scores=made.score(texts), said=said)
        partial.replace(path)
    with np.load(path) as kept:
        title, chosen, tried = json.loads(str(kept["said"]))
        return AskedBaseline(title, kept["scores"], chosen, tried)


def _of_part(titles: Sequence[ListedTitle], codes: Sequence[str], part: Part) -> TitleData:
    """Every form of the titles to learn from; of others, the first form of those measured."""
    if part is Part.TRAIN:
        chosen = [title for title in titles if title.part is part]
        forms = [list(dict.fromkeys(map(spoken, title.forms))) for title in chosen]
    else:
        chosen = [title for title in titles if title.part is part and title.is_listed]
        forms = [[spoken(first_text(title))] for title in chosen]
    rows = [number for number, found in enumerate(forms) for _ in found]
    return TitleData([text for found in forms for text in found], shares_of(chosen, codes)[rows])


def _in_batches(matcher: TitleMatcher, texts: Sequence[str]) -> Floats:
    starts = range(0, len(texts), 1000)
    return np.concatenate([matcher.probabilities(texts[at : at + 1000]) for at in starts])


def _in_several(asked: Sequence[Asked], titles: Sequence[ListedTitle]) -> Flags:
    return np.array(
        [
            one.source is None
            and sum(source is not Source.OFFICIAL for source in titles[one.title].texts) > 1
            for one in asked
        ]
    )


def _digest(folder: Path) -> str:
    return sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def _interval(
    bootstrap: BlockBootstrap, values: npt.NDArray[np.generic]
) -> dict[str, float | None]:
    ends = asdict(bootstrap.mean(values))
    return {name: None if end is None else round(end, 4) for name, end in ends.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--measured", type=Path, required=True, help="not taught the test titles")
    parser.add_argument("--out", type=Path, default=SHIPPED / "report.json")
    arguments = parser.parse_args()
    main(arguments.measured, arguments.out)
