"""Put a trained model among those that ship, with a model card for people to read.

    python -m train.publish_model runs/language_model/best

Copies weights and `card.json` to `assets/models/<name>/` and writes the card's README.md from it.
With `--for-rationales-of NAME` the folder is `assets/models_for_rationales/NAME/`: a variant that
the page Why asks in place of the model NAME, and nothing else does.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.models.base import ModelCard, ModelKind
from occu_core.models.storage import CARD_FILE, ModelError, load_model, read_card

SHIPPED_FILES = {
    *(CARD_FILE, "model.safetensors", "config.json"),
    *("tokenizer.json", "tokenizer_config.json", "generation_config.json"),
}
WHAT_IT_IS = {
    ModelKind.UNIGRAM: "How often each state was recorded, whatever came before.",
    ModelKind.MARKOV: "A first-order Markov table: counts of who moved where from which state, with"
    " the chance of staying and the destinations of movers smoothed towards the cohort's own.",
    ModelKind.SECOND_ORDER: "A second-order Markov table that backs off to the first order.",
    ModelKind.LOGIT: "A multinomial logit on hand-made features of the career (Vafa et al.).",
    ModelKind.BAG_OF_JOBS: "A multinomial logit on which states a career has held, in no order.",
    ModelKind.CAREER: "A CAREER transformer (Vafa et al., TMLR 2024): reads a career as a sequence"
    " of states and covariates; one output decides between staying and moving, others where to.",
    ModelKind.LANGUAGE_MODEL: "A small Llama trained on careers written as resumes (LABOR-LLM,"
    " Athey et al.): the probability of a title is the product of the probabilities of its tokens."
    " CAREER networks were its teachers, and careers drawn from them part of its reading.",
    ModelKind.EMBEDDING_LOGIT: "A multinomial logit on a language model's hidden state.",
    ModelKind.STAY_MOVE: "A language model with a head that decides between staying and moving.",
    ModelKind.ENSEMBLE: "A weighted mean of other models' probabilities, weighed on valid.",
}


def main(folder: Path, explained: str | None = None) -> None:
    """Check that the model loads, copy it, write its card."""
    try:
        card = read_card(folder)
        load_model(str(folder))
    except ModelError as error:
        raise SystemExit(str(error)) from None
    target = asset_path("models", card.name)
    if explained:
        target = asset_path("models_for_rationales", explained)
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.iterdir()):
        if file.name in SHIPPED_FILES:
            shutil.copyfile(file, target / file.name)
    (target / "README.md").write_text(readme(card), encoding="utf-8")
    size = sum(file.stat().st_size for file in target.iterdir()) / 1e6
    print(f"{card.name} {card.version}: {size:.1f} MB in {target}")


def readme(card: ModelCard) -> str:
    """The model card: what it is, data, settings, metrics, intended use, limits."""
    cohorts = "\n".join(
        f"| {c.dataset} | {c.workers:,} | {c.years[0]}–{c.years[1]}"
        f" | {c.birth_years[0]}–{c.birth_years[1]} | {c.ages[0]}–{c.ages[1]} |"
        for c in card.trained_on
    )
    metrics = "\n".join(
        f"| {m.dataset} | {m.split} | {m.years} | {m.transitions:,} | {m.perplexity_raw:.3f} |"
        for m in card.metrics
    )
    settings = "\n".join(f"| {name} | {value} |" for name, value in card.settings.items())
    return f"""# {card.title} (`{card.name}`, version {card.version})

{WHAT_IT_IS[card.kind]} It answers with a probability for each of the 343 states of the taxonomy
{card.taxonomy}: 341 occupations, Not working, Student.

## Data

National Longitudinal Survey of Youth, 1979 and 1997 cohorts, public-use data: Bureau of Labor
Statistics, U.S. Department of Labor. Produced and distributed by CHRR, The Ohio State University,
Columbus, OH. Weights only; no respondent's record is part of this model's files.

| cohort | training workers | years | born | ages |
|---|---|---|---|---|
{cohorts}

## Metrics

Raw perplexity by person-year (lower is better), first record included, measured by the training
script on the splits of the career tables. For a language model it is an upper bound of the
perplexity normalised over the 343 titles.

| cohort | split | target years | person-years | perplexity |
|---|---|---|---|---|
{metrics}

## Settings

| setting | value |
|---|---|
{settings}

## Intended use

Exploration, teaching and research on career paths of these two cohorts. Never for hiring,
screening, credit, benefits or any other decision about a person.

## Limits

- It speaks for people in the United States born in the years above, up to the last survey year.
  Other countries, cohorts, ages and years are extrapolation, and the app says so.
- Probabilities describe associations in the surveys, with their errors in coding occupations;
  they are not effects of schooling, region, sex or race and ethnicity.
- Rare occupations have few training examples; their probabilities are uncertain.
- Nothing is known of wages, employers, health or family, which all shape careers.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a finished model, such as runs/career/best")
    parser.add_argument("--for-rationales-of", metavar="NAME", help="the model it explains")
    given = parser.parse_args()
    main(given.folder, given.for_rationales_of)
