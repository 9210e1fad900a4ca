"""Time the whole distribution against the usual ways of scoring a list of titles.

    python -m tests.benchmarks.scoring [--rounds N] [--workers N] [--careers N N] [--json FILE]
    python -m tests.benchmarks.scoring --device cuda --dtype bfloat16 --shape llama7b --quantise

The shipped language model, or one of a larger shape with random weights. Ways take turns, so that
all of them meet the same machine; medians and ratios are of one run. Peak memory is what a way
adds to what the process held. Survey careers and O*NET titles are used where they lie beside the
project, else invented careers, and no O*NET titles.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from occu_core.careers import CareerHistory, Query
from occu_core.data.career_table import Split
from occu_core.data.files import load_career_table
from occu_core.models.language_model import LanguageModel
from occu_core.occupations import Occupation, Taxonomy, occ1990dd
from tests.benchmarks import scoring_ways as ways
from tests.benchmarks.scoring_models import benchmark_model
from tests.small_language_models import long_career

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
RECORDS = 24
SEED = 7
Measured = dict[str, dict[str, float]]
SINGLE = {
    "a. one title at a time": ways.one_title_at_a_time,
    "c. prompt cached, all titles in one padded batch": ways.cached_prompt,
    "ours: title tree": ways.ours,
    "ours: the ten likeliest alone": ways.ten_likeliest,
    "d. floor: a plain pass over prompt and tree tokens": ways.floor,
}
SLOW = ("a.", "b.")
YEARS = {
    "ours: every person-year": ways.every_year,
    "ours: the ten likeliest at every person-year": ways.every_years_ten,
    "floor: plain passes over text and trees": ways.every_year_floor,
    "lower floor: without the titles' last tokens": ways.every_year_lower_floor,
}
RAW = {"ours: what happened": ways.raw, "floor: a plain pass over the text": ways.raw_floor}


def main(asked: argparse.Namespace) -> None:
    """Check that the ways agree, time them in turn, print the tables."""
    model = benchmark_model(asked.device, asked.dtype, asked.shape, quantise=asked.quantise)
    report: dict[str, Any] = {"settings": vars(asked) | {"threads": torch.get_num_threads()}}
    print(f"{model.card.title}, {model.scorer.model.device}, {torch.get_num_threads()} threads")
    print(f"load average {', '.join(f'{load:.1f}' for load in _load())}\n")

    report["single"] = single(model, asked.rounds)
    report["person-years"] = person_years(model, asked.workers)
    report["histories"] = histories(model, asked.rounds)
    report["lists"] = title_lists(model, asked.rounds)
    report["careers"] = careers(model, asked.careers)
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=2, default=str) + "\n")


def single(model: LanguageModel, rounds: int) -> Measured:
    """One 24-record history, the whole list."""
    query = _after(long_career(model.taxonomy, RECORDS))
    chosen = dict(SINGLE)
    try:
        chosen["b. lm-evaluation-harness, batches of 32"] = ways.Harness(model)
    except (RuntimeError, ImportError) as error:
        print(f"left out: {error}")
    scored = [way for name, way in chosen.items() if not name.startswith(("a.", "d.", "ours: the"))]
    worst = ways.agree(model, query, scored)
    if worst > (1e-4 if model.scorer.model.dtype == torch.float32 else 0.5):
        raise SystemExit(f"the ways differ by up to {worst:.1e} nats from one title at a time")
    print(f"All ways within {worst:.1e} nats of one title at a time.\n")
    measured = in_turn(chosen, [(model, query)] * rounds)
    _table(f"{RECORDS} records, {len(model.taxonomy)} titles", measured, "ours: title tree")
    return measured


def person_years(model: LanguageModel, workers: int) -> Measured:
    """Whole distributions and raw likelihoods at every person-year of some careers."""
    some, source = sample(model.taxonomy, workers)
    count = sum(len(career.records) for career in some)
    measured = in_turn(YEARS | RAW, [(model, career) for career in some], total=True)
    name = f"All {count} person-years of {len(some)} {source}, together"
    _table(name, {k: measured[k] for k in YEARS}, next(iter(YEARS)))
    _table(f"{name}, raw", {k: measured[k] for k in RAW}, next(iter(RAW)))
    return measured


def histories(model: LanguageModel, rounds: int) -> dict[int, Measured]:
    """Histories of one to 26 records."""
    found = {}
    chosen = {k: way for k, way in SINGLE.items() if not k.startswith(SLOW)}
    for records in (1, 8, 16, 26):
        query = _after(long_career(model.taxonomy, records))
        found[records] = in_turn(chosen, [(model, query)] * max(rounds // 2, 1))
    _sizes("records", found)
    return found


def title_lists(model: LanguageModel, rounds: int) -> dict[int, Measured]:
    """Lists of 34, 343 and, where O*NET lies beside the project, 1,016 titles."""
    everything = occ1990dd().occupations
    lists = [Taxonomy("tenth", everything[4::10]), occ1990dd(), *onet_titles()]
    found = {}
    chosen = {k: way for k, way in SINGLE.items() if not k.startswith(SLOW)}
    for titles in lists:
        network, tokenizer = model.scorer.model, model.tokens.tokenizer
        other = LanguageModel(model.card, titles, network, tokenizer)
        query = _after(long_career(titles, RECORDS))
        found[len(titles)] = in_turn(chosen, [(other, query)] * max(rounds // 2, 1))
    _sizes("titles", found)
    return found


def careers(model: LanguageModel, counts: Sequence[int]) -> dict[int, Measured]:
    """Raw likelihoods of many careers, one after another."""
    found = {}
    for count in counts:
        some, _ = sample(model.taxonomy, count)
        found[count] = in_turn(RAW, [(model, career) for career in some], total=True)
    _sizes("careers", found)
    return found


def in_turn(
    chosen: dict[str, Callable], inputs: Sequence[tuple[Any, ...]], *, total: bool = False
) -> Measured:
    """Seconds (the median, or the sum) and peak megabytes of each way over all inputs, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in chosen}
    peaks = dict.fromkeys(chosen, 0.0)
    for turn, given in enumerate(inputs):
        for name, way in chosen.items():
            if name.startswith(SLOW) and turn % 4:
                continue
            before = _reset_peak()
            began = time.perf_counter()
            way(*given)
            _wait()
            seconds[name].append(time.perf_counter() - began)
            peaks[name] = max(peaks[name], _peak() - before)
    sums = sum if total else statistics.median
    return {k: {"seconds": sums(v), "megabytes": peaks[k]} for k, v in seconds.items()}


def sample(taxonomy: Taxonomy, count: int) -> tuple[list[CareerHistory], str]:
    """Test workers of NLSY97 drawn with a seed, again and again if needed, or invented careers."""
    table = SHARED / "careers" / "nlsy97.csv.gz"
    if not table.is_file():
        return [long_career(taxonomy, 1 + k % 26) for k in range(count)], "invented careers"
    read = load_career_table(table)
    pairs = zip(read.careers, read.splits, strict=True)
    test = [career for career, split in pairs if split is Split.TEST]
    random.Random(SEED).shuffle(test)
    return [test[k % len(test)] for k in range(count)], "NLSY97 test workers"


def onet_titles() -> list[Taxonomy]:
    """O*NET's titles, one list, or none where they are not at hand."""
    file = SHARED / "occupations" / "onet" / "Occupation Data.txt"
    if not file.is_file():
        print("left out: 1,016 titles, because O*NET is not at ../shared/data\n")
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    jobs = (Occupation(row["O*NET-SOC Code"], row["Title"], "") for row in rows)
    return [Taxonomy("O*NET", tuple(jobs))]


def _after(career: CareerHistory) -> Query:
    last = career.records[-1]
    return Query(career, last.year + 1, last.education)


def _table(title: str, measured: Measured, own: str) -> None:
    print(f"{title}\n\n| way | milliseconds | times ours | peak MB |\n|---|---:|---:|---:|")
    for name, found in sorted(measured.items()):
        ratio = found["seconds"] / measured[own]["seconds"]
        print(
            f"| {name} | {found['seconds'] * 1e3:,.0f} | {ratio:.2f} | {found['megabytes']:.0f} |"
        )
    print()


def _sizes(what: str, found: dict[int, Measured]) -> None:
    names = list(next(iter(found.values())))
    print(f"Milliseconds (peak MB)\n\n| {what} | {' | '.join(names)} |")
    print(f"|---:|{'---:|' * len(names)}")
    for size, measured in found.items():
        cells = (f"{m['seconds'] * 1e3:,.0f} ({m['megabytes']:.0f})" for m in measured.values())
        print(f"| {size:,} | {' | '.join(cells)} |")
    print()


def _load() -> tuple[float, ...]:
    return tuple(map(float, Path("/proc/loadavg").read_text().split()[:3]))


def _reset_peak() -> float:
    """Begin to watch the memory; returns what is held now, megabytes."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated() / 1e6
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    return _status("VmHWM")


def _status(field: str) -> float:
    written = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return float(written[1]) / 1e3 if written else float("nan")


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="how often each way is timed")
    parser.add_argument("--workers", type=int, default=12, help="whose every year is scored")
    parser.add_argument("--careers", type=int, nargs="*", default=[1, 100, 500], help="raw")
    parser.add_argument("--json", type=Path, help="also write what was measured here")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--shape", default="shipped", choices=["shipped", "llama1b", "llama7b"])
    parser.add_argument("--quantise", action="store_true", help="hold matrices in 8 bits")
    main(parser.parse_args())
