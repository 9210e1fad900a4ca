"""Put the seed models, from which noise floors come, among what ships, with one card for people.

    python -m train.publish_seed_models runs/seed_models/{1,2,3,4,5}/best

Copies them to assets/seed_models/, apart from the models that users choose from, and writes the
family's README.md from their cards and from what `train.measure_seed_spread` found.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from scipy.special import chdtri

from occu_core.assets import ASSETS
from occu_core.models.base import ModelCard
from occu_core.models.storage import ModelError, load_model, read_card
from train.publish_model import SHIPPED_FILES, WHAT_IT_IS

SPREAD = Path("runs/seed_models/spread.json")
OWN = {"seed", "out"}
"""Settings that differ within the family."""


def main(folders: Sequence[Path], spread: Path) -> None:
    """Check that the models load and differ in the seed alone, copy them, write their card."""
    try:
        cards = [read_card(folder) for folder in folders]
        for folder in folders:
            load_model(str(folder))
        measured = json.loads(spread.read_text(encoding="utf-8"))
    except (ModelError, OSError) as error:
        raise SystemExit(str(error)) from None
    check_family(cards)
    target = ASSETS / "seed_models"
    for folder, card in zip(folders, cards, strict=True):
        place = target / card.name
        place.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.iterdir()):
            if file.name in SHIPPED_FILES:
                shutil.copyfile(file, place / file.name)
    shutil.copyfile(spread, target / "spread.json")
    (target / "README.md").write_text(readme(cards, measured), encoding="utf-8")
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file()) / 1e6
    print(f"{len(cards)} seed models: {size:.1f} MB in assets/seed_models")


def check_family(cards: Sequence[ModelCard]) -> None:
    """Refuse models that differ in more than the seed, or have one twice."""
    seeds = {card.settings["seed"] for card in cards}
    alike = [{k: v for k, v in card.settings.items() if k not in OWN} for card in cards]
    named = [settings | {"name": "", "title": ""} for settings in alike]
    if len(seeds) < len(cards) or any(settings != named[0] for settings in named):
        raise SystemExit("the seed models differ in more than the seed, or share one")


def readme(cards: Sequence[ModelCard], measured: dict[str, object]) -> str:
    """The family's card: what it is, data, settings, metrics, what was measured, limits."""
    card = cards[0]
    cohorts = "\n".join(
        f"| {c.dataset} | {c.workers:,} | {c.years[0]}–{c.years[1]}"
        f" | {c.birth_years[0]}–{c.birth_years[1]} | {c.ages[0]}–{c.ages[1]} |"
        for c in card.trained_on
    )
    rows = zip(*(one.metrics for one in cards), strict=True)
    metrics = "\n".join(
        f"| {row[0].dataset} | {row[0].split} | {row[0].years} | {row[0].transitions:,} | "
        + " | ".join(f"{metric.perplexity_raw:.3f}" for metric in row)
        + " |"
        for row in rows
    )
    settings = "\n".join(
        f"| {name} | {value} |"
        for name, value in card.settings.items()
        if name not in OWN | {"name", "title"}
    )
    seeds = [str(one.settings["seed"]) for one in cards]
    freedom = len(cards) - 1
    low, high = (sqrt(chdtri(freedom, tail) / freedom) for tail in (0.975, 0.025))
    return f"""# Seed models (version {card.version})

{len(cards)} small models that differ only in their random seed. Nobody is meant to choose one: what
they disagree on is what chance in training decides, and the app's noise floors are made of it.
{WHAT_IT_IS[card.kind]}

## Data

National Longitudinal Survey of Youth, 1979 and 1997 cohorts, public-use data: Bureau of Labor
Statistics, U.S. Department of Labor. Produced and distributed by CHRR, The Ohio State University,
Columbus, OH. Weights only; no respondent's record is part of these files.

| cohort | training workers | years | born | ages |
|---|---|---|---|---|
{cohorts}

## Metrics

Perplexity by person-year (lower is better), first record included. The shape was chosen on valid
with seed 1.

| cohort | split | target years | person-years | {" | ".join(f"seed {s}" for s in seeds)} |
|---|---|---|---|{"---|" * len(cards)}
{metrics}

## How well the noise floor fits

{_spread(measured)}

## Settings

| setting | value |
|---|---|
{settings}
| seed | {", ".join(seeds)} |

Made by `train/reproduce.sh`: `python -m train.train_career train/settings/seed_models.toml --set
seed=N out=runs/seed_models/N name=career_seed_N --test` for each N, then
`train.measure_seed_spread` and `train.publish_seed_models`.

## Intended use

To tell, in exploration, teaching and research on career paths of these two cohorts, a change of
probability from what another training run might give. Never for hiring, screening, credit,
benefits or any other decision about a person.

## Limits

- The floor covers the luck of training, not which workers the surveys happened to ask, nor what all
  models of this kind get wrong.
- With {len(cards)} seeds a single floor is rough: 19 times in 20 its spread is between {low:.2f}
  and {high:.2f} times the one that very many seeds would give, if answers are normal.
- Changes are associations in the surveys, not effects of schooling, region, sex or race/ethnicity.
"""


def _spread(measured: dict[str, object]) -> str:
    """What `train.measure_seed_spread` found, as a table."""
    found = measured["spreads"]
    assert isinstance(found, list)
    model = measured["model"]
    rows = (
        ("changes measured", "changes", "{:,}"),
        ("median noise floor, points", "floor_median", "{:.2f}"),
        (
            "one seed's changes that the others do not allow (5% if exact)",
            "chance_passes",
            "{:.1%}",
        ),
        ("spread of a change over these seeds, points (rms)", "spread_small", "{:.2f}"),
        (f"the same over `{model}` and its retrainings", "spread_big", "{:.2f}"),
        (f"changes of `{model}` beyond the floor", "passed", "{:.1%}"),
        ("of those, same sign in every retraining", "passed_keep_sign", "{:.1%}"),
        ("of those within the floor, same sign in every retraining", "within_keep_sign", "{:.1%}"),
    )
    table = "\n".join(
        f"| {name} | " + " | ".join(shape.format(one[key]) for one in found) + " |"
        for name, key, shape in rows
    )
    return f"""Measured on {found[0]["careers"]} careers of {measured["split"]} drawn at random: one
change of each kind (job, year, education, birth year, sex, race/ethnicity, region) to each, as seen
by these models, by `{measured["model"]}`, and by {measured["retrained"]} more trained with its
settings from other seeds. Numbers are in `spread.json`.

| | {" | ".join(one["outcomes"] for one in found)} |
|---|{"---|" * len(found)}
{table}"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, help="finished seed models")
    parser.add_argument("--spread", type=Path, default=SPREAD, help="what was measured")
    given = parser.parse_args()
    main(given.folders, given.spread)
