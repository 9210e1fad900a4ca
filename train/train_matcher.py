"""Teach the matcher of job titles, and choose on held-out ones how sure it may say it is.

python -m train.train_matcher train/settings/matcher.toml --out runs/matcher/measured
python -m train.train_matcher train/settings/matcher.toml --out assets/matching \
    --all-titles --choices runs/matcher/measured

The first learns from eight tenths of the titles and is what `train.measure_matcher` measures. The
second learns from all of them, with what the first chose, and is what ships: a title that is listed
should be known.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from occu_core.matching.features import Vocabulary
from occu_core.matching.weights import Network, Weights, read_weights, save_weights
from train.matcher_choices import Choices, choose, ranks_of
from train.matcher_lessons import (
    first_text,
    joined,
    lessons_of,
    meanings_of,
    no_meanings,
    shares_of,
    statements_of,
    vocabulary_of,
    words_of_work,
)
from train.matcher_network import MatcherSettings, averaged, teach
from train.matcher_titles import ListedTitle, Part, read_titles
from train.settings import load_settings

DATA_NAMES = (
    "Census Alphabetical Index of Occupations 1990 and 2000; O*NET 30.1 titles and alternate"
    " titles (CC BY 4.0); titles of Census and occ1990dd codes"
)


def main(settings: MatcherSettings, out: Path, choices: Path | None, *, all_titles: bool) -> None:
    """Read, teach each network, choose, save."""
    titles = read_titles()
    codes = sorted({code for title in titles for code in title.codes}, key=int)
    learned = [one for one in titles if all_titles or one.part is Part.TRAIN]
    extra = words_of_work(learned) if settings.meanings else []
    vocabulary = vocabulary_of(learned, settings.least_titles, extra)
    meanings = meanings_of(extra, vocabulary) if settings.meanings else no_meanings()
    lessons = lessons_of(learned, codes, vocabulary, meanings)
    if settings.statements:
        lessons = joined(lessons, statements_of(codes, vocabulary, meanings))
    features = len(vocabulary.hashes)
    steps = settings.members * settings.epochs * (len(lessons.forms) // settings.batch)
    print(f"{len(learned)} titles, {features} features, {len(codes)} codes, {steps} steps in all")

    started = time.perf_counter()
    networks = [
        teach(lessons, features, settings.seed + member, settings)
        for member in range(settings.members)
    ]
    network = averaged(networks, meanings)
    seconds = round(time.perf_counter() - started)

    chosen = read_choices(choices) if choices else _choose(network, vocabulary, titles, codes)
    taught = {
        **asdict(settings),
        "data": DATA_NAMES,
        "titles": len(learned),
        "parts": "all titles" if all_titles else "the training part, eight tenths",
        "seconds": seconds,
    }
    weights = Weights(
        tuple(codes),
        replace(network, temperature=chosen.temperature),
        vocabulary,
        chosen.confidence,
        chosen.sure_from,
        chosen.doubtful_below,
    )
    save_weights(weights, taught, out)
    print(f"{out}: {sum(file.stat().st_size for file in out.iterdir()) / 1e6:.1f} MB, {chosen}")


def read_choices(folder: Path) -> Choices:
    """What another matcher chose on held-out titles."""
    found = read_weights(folder)
    return Choices(
        found.network.temperature, found.confidence, found.sure_from, found.doubtful_below
    )


def _choose(
    network: Network, vocabulary: Vocabulary, titles: list[ListedTitle], codes: list[str]
) -> Choices:
    held_out = [one for one in titles if one.part is Part.VALID and one.is_listed]
    texts = [first_text(title) for title in held_out]
    accepted = shares_of(held_out, codes) > 0
    shares = network.probabilities([vocabulary.places(text) for text in texts])
    ranks = ranks_of(shares, accepted)
    print(f"held out: {len(texts)} titles, {np.mean(ranks == 0):.4f}, {np.mean(ranks < 5):.4f}")
    return choose(network, vocabulary, texts, accepted, seed=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--out", type=Path, required=True, help="the matcher's folder")
    parser.add_argument("--all-titles", action="store_true", help="learn the held-out ones too")
    parser.add_argument("--choices", type=Path, help="take what this matcher chose")
    parser.add_argument("--set", action="append", default=[], metavar="name=value")
    arguments = parser.parse_args()
    if arguments.all_titles != (arguments.choices is not None):
        parser.error("--all-titles goes with --choices: no title is then held out to choose on")
    main(
        load_settings(MatcherSettings, arguments.settings, arguments.set),
        arguments.out,
        arguments.choices,
        all_titles=arguments.all_titles,
    )
