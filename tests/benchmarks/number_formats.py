"""Whether the shipped language model is faster in another number format, and how equal it stays.

    python -m tests.benchmarks.number_formats --table TABLE.csv.gz [--careers N] [--json FILE]

One thread. Perplexity is raw, over careers of the table's valid split; a prediction is that of the
longest of them, timed in turns by the thread's own processor time. A format is worth having if it
is faster and its perplexity is within 0.1% of single precision's.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from occu_core.data.career_table import Split
from occu_core.data.files import load_career_table
from occu_core.models.language_model import LanguageModel
from occu_core.models.storage import load_model

SEED, ROUNDS = 3, 9
FORMATS: dict[str, Callable[[PreTrainedModel], torch.nn.Module]] = {
    "float32": lambda network: network,
    "bfloat16": lambda network: copy.deepcopy(network).to(torch.bfloat16),
    "int8 products, made as needed": lambda network: torch.ao.quantization.quantize_dynamic(
        copy.deepcopy(network), {torch.nn.Linear}, dtype=torch.qint8
    ),
}


def main(table: Path, count: int, out: Path | None) -> None:
    """Measure each format's perplexity, then their times in turns."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    shipped = load_model("language_model")
    assert isinstance(shipped, LanguageModel)
    careers = list(load_career_table(table).only(Split.VALID).careers)
    random.Random(SEED).shuffle(careers)
    chosen = careers[:count]
    longest = max(chosen, key=lambda career: len(career.records))
    query = list(longest.transitions())[-1].query
    models, told = {}, {}
    for name, change in FORMATS.items():
        network = change(shipped.scorer.model.base.model)
        model = LanguageModel(shipped.card, shipped.taxonomy, network, shipped.tokens.tokenizer)
        told[name] = np.concatenate([model.log_likelihoods(career) for career in chosen])
        models[name] = model
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(ROUNDS):
        for name, model in models.items():
            began = time.thread_time()
            model.predict(query)
            seconds[name].append(time.thread_time() - began)
    base = statistics.median(seconds["float32"])
    print(f"\n{count} careers, a prediction after {len(query.past.records)} records, one thread\n")
    print("| format | milliseconds | times float32 | perplexity off | nats off, at most |")
    print("|---|---:|---:|---:|---:|")
    for name, times in seconds.items():
        off = told["float32"] - told[name]
        middle, share = statistics.median(times), float(np.exp(off.mean())) - 1
        print(
            f"| {name} | {1e3 * middle:.0f} | {middle / base:.2f} | {100 * share:+.3f}%"
            f" | {np.abs(off).max():.3f} |"
        )
    if out:
        perplexities = {name: float(np.exp(-nats.mean())) for name, nats in told.items()}
        found = {"perplexities": perplexities, "seconds": seconds, "seed": SEED, "careers": count}
        out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--table", type=Path, required=True, help="with a split column")
    parser.add_argument("--careers", type=int, default=150, help="of the valid split")
    parser.add_argument("--json", type=Path, help="also write the results here")
    given = parser.parse_args()
    main(given.table, given.careers, given.json)
