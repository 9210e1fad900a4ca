"""Put the papers' claims to the test with small models, and write what came out.

    python -m train.run_experiments train/settings/experiments.toml
    python -m train.run_experiments train/settings/experiments.toml --quick

Every model and every score is made once and kept, so a stopped run goes on where it was. `--quick`
takes smaller models and a part of the workers, keeps apart from the rest, and says so in each
report. `--only` makes some of the experiments.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from occu_core.evaluation.report_files import file_name, save_report
from occu_core.evaluation.reports import Curve
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.occupations import occ1990dd
from train.conditions import Titles
from train.experiment_curves import (
    COMMAND,
    Condition,
    by,
    curve_of,
    difference,
    in_percent,
    meaning,
    over_seeds,
    truncated,
    verdict,
)
from train.experiment_runs import ExperimentSettings, Laboratory, job_list, shown
from train.settings import load_settings

QUICK = "The quick version's models are too small to judge the claim by."
HISTORIES = (1, 2, 5, 10)
POOLED = (0.0, 0.25, 0.5, 1.0)


def titles(lab: Laboratory) -> Curve:
    """The same careers with natural, numeric, synonymous and permuted titles, same foundation."""
    found = []
    for way in Titles:
        folder = lab.tuned(way)
        found.append(
            Condition(way, _in_years(lab, lab.scores(folder.parent.name, lab.ask(folder, way))))
        )
    costs = [f"{c.label} titles {by(c, found[0])}" for c in found[1:]]
    by_way = {c.label: difference(c, found[0]) for c in found[1:]}
    return curve_of(
        "titles", "How titles are written", "titles", found,
        claim="LABOR-LLM (PSID81, 7B): numeric titles cost 8% (perplexity 8.830 against 8.184):"
        " the model uses what the words mean.",
        finding=f"Against natural titles: {'; '.join(costs)}."
        f" {meaning(by_way[Titles.NUMERIC], by_way[Titles.PERMUTED])}",
    )  # fmt: skip


def tuning(lab: Laboratory) -> Curve:
    """Off the shelf, with help in the prompt, and fine-tuned."""
    text, careers = lab.pretrained(), lab.pretrained(careers=True)
    tuned = lab.tuned(Titles.NATURAL)
    conditions: list[tuple[str, Path, str]] = [
        ("off the shelf", text, ""),
        ("off the shelf, list of titles in the prompt", text, job_list()),
        ("off the shelf, two careers in the prompt", text, shown(lab.examples)),
        ("off the shelf, has read the other cohort's resumes", careers, ""),
        ("fine-tuned", tuned, ""),
    ]
    found = []
    for k, (label, folder, preamble) in enumerate(conditions):
        model = lab.ask(folder, preamble=preamble)
        scores = lab.scores(f"tuning_{k}", model, lab.prompted, Detail.NORMALISED)
        found.append(Condition(label, _in_years(lab, scores)))
    best = min(found[:3], key=lambda c: -c.scores.log_p.mean())
    gap = difference(found[-1], best)
    return curve_of(
        "tuning", "Off the shelf against fine-tuned", "model", found,
        claim="LABOR-LLM (PSID81, 7B): off the shelf 364.655, fine-tuned 8.184; examples and a list"
        " of titles in the prompt help but never reach fine-tuning.",
        finding=f"Fine-tuned against the best prompt ({best.label}): {in_percent(gap)}."
        f" {verdict(gap, above=False)} Above {len(occ1990dd())} is worse than guessing at random.",
    )  # fmt: skip


def sizes(lab: Laboratory) -> Curve:
    """Wider and narrower models on the same careers."""
    found = []
    for width in lab.settings.sizes:
        shape = {"width": width, "heads": max(1, width // 64), "feed_forward": 3 * width}
        folder = lab.language_model(f"size_{width}", **shape)
        model = lab.ask(folder)
        millions = sum(w.numel() for w in model.scorer.model.parameters()) / 1e6  # type: ignore[attr-defined]
        scores = _in_years(lab, lab.scores(folder.parent.name, model))
        found.append(Condition(f"{millions:.2f}M parameters", scores, x=round(millions, 3)))
    gap = difference(found[-1], found[0])
    return curve_of(
        "sizes", "Larger models", "million parameters", found,
        claim="LABOR-LLM (PSID81): 13B is a little better than 7B (8.140 against 8.184).",
        finding=f"{found[-1].label} against {found[0].label}: {in_percent(gap)}."
        f" {verdict(gap, above=False)}",
    )  # fmt: skip


def pooling(lab: Laboratory) -> Curve:
    """More and more workers of the other cohort in training."""
    found = []
    for share in POOLED:
        shares = (lab.settings.share, share * lab.settings.share)
        folder = lab.language_model(f"pooled_{share:g}", shares=shares)
        scores = _in_years(lab, lab.scores(folder.parent.name, lab.ask(folder)))
        found.append(Condition(f"{share:.0%} of the other cohort", scores, x=100 * share))
    gap = difference(found[-1], found[0])
    return curve_of(
        "pooling", "Pooling another cohort", "% of the other cohort's workers", found,
        claim="LABOR-LLM (PSID81, 7B): training on all surveys pooled lowers perplexity"
        " (8.082 against 8.184).",
        finding=f"All of the other cohort against none: {in_percent(gap)}."
        f" {verdict(gap, above=False)}",
    )  # fmt: skip


def truncation(lab: Laboratory) -> Curve:
    """The model sees only the last records of careers of ten or more."""
    folder = lab.language_model("pooled_1", shares=(lab.settings.share, lab.settings.share))
    model = lab.ask(folder)
    found = []
    for last in (*HISTORIES, None):
        scores = truncated(model, lab.asked, last, max(HISTORIES))
        label = "all records" if last is None else f"last {last}"
        found.append(Condition(label, scores, x=float(last or 20)))
    gap = difference(found[0], found[-1])
    return curve_of(
        "truncation", "How much of the history is read", "last records read", found,
        claim="LABOR-LLM: predictions are worse with under ten years of history.",
        finding=f"The last record alone against all of ten or more: {in_percent(gap)}; the last ten"
        f" against all: {in_percent(difference(found[-2], found[-1]))}."
        f" {verdict(gap, above=True)}",
    )  # fmt: skip


def structure(lab: Laboratory) -> Curve:
    """Trained until a year, tested after it, beside a model that saw all years."""
    last = lab.settings.cut_off
    models = {
        "Language model, all years": lab.ask(
            lab.language_model("pooled_0", shares=(lab.settings.share, 0.0))
        ),
        f"Language model, to {last}": lab.ask(lab.language_model("until", last_year=last)),
        "CAREER, all years": lab.ask_career(lab.career("career_1")),
        f"CAREER, to {last}": lab.ask_career(lab.career("career_until", last_year=last)),
    }
    periods = {
        f"to {last}": (1997, last),
        f"{last + 1}–2011": (last + 1, 2011),
        "2012–2022": (2012, 2022),
    }
    scored = {line: lab.scores(model.card.name, model) for line, model in models.items()}
    found = [
        Condition(label, scores.between(span), line, x=float(span[0]))
        for line, scores in scored.items()
        for label, span in periods.items()
    ]
    gaps = [difference(found[3 + k], found[k]) for k in range(3)]
    return curve_of(
        "structure", "When the world changes after training", "first target year", found,
        claim="An open question of LABOR-LLM: how models hold up under structural change.",
        finding=f"The language model that stopped in {last} against the one that saw all years:"
        + "; ".join(f" {label} {in_percent(gap)}" for label, gap in zip(periods, gaps, strict=True))
        + ".",
    )  # fmt: skip


def seeds(lab: Laboratory) -> Curve:
    """The same runs from other random beginnings, for the language model and CAREER."""
    share = (lab.settings.share, 0.0)
    found = []
    for seed in lab.settings.seeds:
        name = "pooled_0" if seed == 1 else f"seed_{seed}"
        model = lab.ask(lab.language_model(name, shares=share, seed=seed))
        found.append(
            Condition(f"seed {seed}", _in_years(lab, lab.scores(name, model)), x=float(seed))
        )
    for seed in lab.settings.seeds:
        model = lab.ask_career(lab.career(f"career_{seed}", seed=seed))
        scores = _in_years(lab, lab.scores(model.card.name, model))
        found.append(Condition(f"seed {seed}", scores, "CAREER", float(seed)))
    half = len(lab.settings.seeds)
    gap = over_seeds(found[:half], found[half:])
    return curve_of(
        "seeds", "Other random beginnings", "seed", found,
        claim="LABOR-LLM (PSID81, 7B): fine-tuned 8.184, CAREER 8.58: 4.6% lower.",
        finding=f"Small models of one cohort, over {half} seeds each: the language model against"
        f" CAREER {in_percent(gap)}. {verdict(gap, above=False)}",
    )  # fmt: skip


EXPERIMENTS: dict[str, Callable[[Laboratory], Curve]] = {
    made.__name__: made for made in (titles, tuning, sizes, pooling, truncation, structure, seeds)
}


def main(path: Path, only: Sequence[str], *, quick: bool) -> None:
    """Make each experiment's models, score them, write its report."""
    settings = load_settings(ExperimentSettings, path)
    lab = Laboratory(quickly(settings) if quick else settings)
    lab.settings.reports.mkdir(parents=True, exist_ok=True)
    for name in only or EXPERIMENTS:
        started = time.monotonic()
        curve = EXPERIMENTS[name](lab)
        if quick:
            curve = replace(
                curve,
                title=f"{curve.title} (quick version)",
                finding=f"{curve.finding} {QUICK}",
                command=f"{COMMAND} --quick",
            )
        save_report(curve, lab.settings.reports / file_name(curve))
        minutes = (time.monotonic() - started) / 60
        print(f"\n{curve.title} ({minutes:.1f} minutes)\n{curve.finding}", flush=True)
        for point in curve.points:
            value = point.value
            interval = f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f})"
            print(f"  {point.model}, {point.label}: {interval}")


def quickly(settings: ExperimentSettings) -> ExperimentSettings:
    """A small version of everything, kept apart."""
    return replace(
        settings,
        out=settings.out.with_name("experiments_quick"),
        reports=settings.out.with_name("experiments_quick") / "reports",
        layers=2,
        width=64,
        heads=1,
        feed_forward=192,
        sizes=(32, 64),
        career_width=32,
        epochs=3,
        pretraining_rows=(12, 512),
        batch_tokens=1500,
        fast=False,
        share=0.25,
        tuned_share=0.25,
        test_share=0.3,
        asked_share=0.01,
        prompted_share=0.01,
        seeds=(1, 2),
    )


def _in_years(lab: Laboratory, scores: ScoreTable) -> ScoreTable:
    return scores.between((lab.settings.first_year, lab.settings.last_year))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--quick", action="store_true", help="a small version of everything")
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=[], help="some of them")
    given = parser.parse_args()
    main(given.settings, given.only, quick=given.quick)
