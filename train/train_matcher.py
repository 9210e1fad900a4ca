"""Teach the matcher of job titles, and choose on held-out ones how sure it may say it is.

python -m train.train_matcher --out runs/matcher/measured
python -m train.train_matcher --out assets/matching --all-titles --choices runs/matcher/measured

The first learns from eight tenths of the titles and is what `train.measure_matcher` measures. The
second learns from all of them, with what the first chose, and is what ships: a title that is listed
should be known. Each takes a minute for the network of features and some fifteen for the encoder,
which `--encoder-of FOLDER` takes from a matcher of the same titles and settings.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from occu_core.matching.feature_network import FeatureNetwork
from occu_core.matching.network import Network
from occu_core.matching.title_encoder import EncoderTables, TitleEncoder
from occu_core.matching.weights import SETTINGS as WEIGHT_SETTINGS
from occu_core.matching.weights import Weights, read_weights, save_weights
from train.matcher_choices import Choices, choose, ranks_of
from train.matcher_encoder import EncoderSettings, tables_of, teach_encoder
from train.matcher_feature_network import FeatureSettings, averaged, teach
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
from train.matcher_titles import ListedTitle, Part, read_titles
from train.settings import load_settings

SETTINGS = Path("train/settings")
BEGINS_AS = "all-MiniLM-L6-v2 (Apache-2.0)"
DATA_NAMES = (
    "Census Alphabetical Index of Occupations 1990 and 2000; O*NET 30.1 titles and alternate"
    " titles (CC BY 4.0); titles of Census and occ1990dd codes"
)


def main(
    settings: tuple[FeatureSettings, EncoderSettings],
    out: Path,
    choices: Path | None,
    encoder_of: Path | None,
    *,
    all_titles: bool,
) -> None:
    """Read, teach both readers, choose, save."""
    titles = read_titles()
    codes = sorted({code for title in titles for code in title.codes}, key=int)
    learned = [one for one in titles if all_titles or one.part is Part.TRAIN]
    print(f"{len(learned)} titles, {len(codes)} codes")
    started = time.perf_counter()
    of_features, of_encoder = settings
    features = teach_features(learned, codes, of_features)
    parts = "all titles" if all_titles else "the training part, eight tenths"
    told = asdict(of_encoder) | {"begins_as": BEGINS_AS, "parts": parts}
    if encoder_of:
        tables = taught_before(encoder_of, told)
    else:
        forms = [sorted(title.forms) for title in learned]
        tables = tables_of(*teach_encoder(forms, shares_of(learned, codes), of_encoder))
    seconds = round(time.perf_counter() - started)

    encoder = tables.encoder()
    chosen = read_choices(choices) if choices else _choose(features, encoder, titles, codes)
    taught = {
        "features": asdict(of_features),
        "encoder": told,
        "data": DATA_NAMES,
        "titles": len(learned),
        "parts": parts,
        "seconds_of_last_run": seconds,
    }
    weights = Weights(
        tuple(codes),
        features,
        tables,
        chosen.powers,
        chosen.confidence,
        chosen.sure_from,
        chosen.doubtful_below,
    )
    save_weights(weights, taught, out)
    print(f"{out}: {sum(file.stat().st_size for file in out.iterdir()) / 1e6:.1f} MB, {chosen}")


def teach_features(
    learned: Sequence[ListedTitle], codes: Sequence[str], settings: FeatureSettings
) -> FeatureNetwork:
    """The network of features, an average of as many as the settings say."""
    extra = words_of_work(learned) if settings.meanings else []
    vocabulary = vocabulary_of(learned, settings.least_titles, extra)
    meanings = meanings_of(extra, vocabulary) if settings.meanings else no_meanings()
    lessons = lessons_of(learned, codes, vocabulary, meanings)
    if settings.statements:
        lessons = joined(lessons, statements_of(codes, vocabulary, meanings))
    count = len(vocabulary.hashes)
    steps = settings.members * settings.epochs * (len(lessons.forms) // settings.batch)
    print(f"{count} features, {steps} steps in all")
    seeds = range(settings.seed, settings.seed + settings.members)
    return averaged([teach(lessons, count, seed, settings) for seed in seeds], vocabulary, meanings)


def taught_before(folder: Path, told: dict[str, object]) -> EncoderTables:
    """The encoder of a matcher that was taught the same titles with the same settings.

    Raises:
        SystemExit: if it was not.
    """
    before = json.loads((folder / WEIGHT_SETTINGS).read_text("utf-8"))["taught"]["encoder"]
    if before != told:
        raise SystemExit(f"{folder}: its encoder was taught otherwise: {before}")
    return read_weights(folder).encoder


def read_choices(folder: Path) -> Choices:
    """What another matcher chose on held-out titles."""
    found = read_weights(folder)
    return Choices(found.powers, found.confidence, found.sure_from, found.doubtful_below)


def _choose(
    features: FeatureNetwork, encoder: TitleEncoder, titles: list[ListedTitle], codes: list[str]
) -> Choices:
    held_out = [one for one in titles if one.part is Part.VALID and one.is_listed]
    texts = [first_text(title) for title in held_out]
    accepted = shares_of(held_out, codes) > 0
    chosen = choose(features, encoder, texts, accepted, seed=1)
    for name, scores in (
        ("features alone", features.logits(texts)),
        ("encoder alone", encoder.logits(texts)),
        ("both", Network(features, encoder, chosen.powers).probabilities(texts)),
    ):
        ranks = ranks_of(scores, accepted)
        print(f"held out, {name}: {np.mean(ranks == 0):.4f}, {np.mean(ranks < 5):.4f}")
    return chosen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="the matcher's folder")
    parser.add_argument("--features", type=Path, default=SETTINGS / "matcher_features.toml")
    parser.add_argument("--encoder", type=Path, default=SETTINGS / "matcher_encoder.toml")
    parser.add_argument("--all-titles", action="store_true", help="learn the held-out ones too")
    parser.add_argument("--choices", type=Path, help="take what this matcher chose")
    parser.add_argument("--encoder-of", type=Path, help="take this matcher's encoder")
    for reader in ("features", "encoder"):
        parser.add_argument(f"--set-{reader}", action="append", default=[], metavar="name=value")
    arguments = parser.parse_args()
    if arguments.all_titles != (arguments.choices is not None):
        parser.error("--all-titles goes with --choices: no title is then held out to choose on")
    main(
        (
            load_settings(FeatureSettings, arguments.features, arguments.set_features),
            load_settings(EncoderSettings, arguments.encoder, arguments.set_encoder),
        ),
        arguments.out,
        arguments.choices,
        arguments.encoder_of,
        all_titles=arguments.all_titles,
    )
