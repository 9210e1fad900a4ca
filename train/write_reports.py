"""Make the reports of the Models page from scores that `train.score_models` kept.

    python -m train.write_reports train/settings/reports.toml

A report for each model and a comparison for each pair, on NLSY97 1997–2011, NLSY97 in all years
and NLSY79. Seconds to minutes; the same scores give the same bytes. Writes assets/reports/.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from occu_core.data.career_table import Split
from occu_core.evaluation.bootstrap import SEED
from occu_core.evaluation.model_report import Rows, compare_models, model_report
from occu_core.evaluation.report_files import file_name, save_report
from occu_core.evaluation.reports import Comparison, ModelReport, Part, Report
from occu_core.evaluation.scores import Half, ScoreTable
from train.saving import HEADLINES
from train.score_files import SCORES, TABLES, best_scores
from train.settings import load_settings

AGAINST = " against "


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What to report on."""

    models: tuple[str, ...]
    """Model names or folders, each with scores of test and of valid."""

    pairs: tuple[str, ...] = ()
    """Comparisons of two of the models, written `a against b`."""

    seeds_a: tuple[str, ...] = ()
    """Model folders of one kind that differ in their training seed alone."""

    seeds_b: tuple[str, ...] = ()
    """The same of the kind that they are compared with."""

    tables: tuple[str, ...] = TABLES
    """The career tables that were scored."""

    scores: Path = SCORES
    """Where the scores are."""

    out: Path = Path("assets/reports")
    """Where reports are written."""

    seed: int = SEED
    """Of the bootstrap and the noise floor."""

    simulated: bool = False
    """Whether the tables hold simulated careers."""

    def __post_init__(self) -> None:
        for pair in self.pairs:
            names = pair.split(AGAINST)
            if len(names) != 2 or not set(names) <= set(self.models):
                raise SystemExit(
                    f"pairs: {pair!r} is not a pair; expected `a{AGAINST}b`, both among"
                    f" {', '.join(self.models)}"
                )
        if bool(self.seeds_a) != bool(self.seeds_b):
            raise SystemExit("seeds_a and seeds_b are compared; expected both or neither")


@dataclass(frozen=True, slots=True)
class Reporting:
    """The settings with the scores that they name, each read once."""

    settings: ReportSettings
    command: str
    test: dict[str, ScoreTable]
    valid: dict[str, ScoreTable]


def main(path: Path, changes: Sequence[str] = ()) -> None:
    """Read the scores, make each headline's reports, save."""
    settings = load_settings(ReportSettings, path, changes)
    reporting = Reporting(
        settings,
        f"python -m train.write_reports train/settings/{path.name}",
        _scores(settings, Split.TEST, (*settings.models, *settings.seeds_a, *settings.seeds_b)),
        _scores(settings, Split.VALID, settings.models),
    )
    settings.out.mkdir(parents=True, exist_ok=True)
    for dataset, spans in HEADLINES.items():
        for years in spans:
            rows = Rows(dataset, Split.TEST.value, years, settings.simulated)
            for report in reports(reporting, rows):
                save_report(report, settings.out / file_name(report))
                print(sentence(report), flush=True)


def reports(reporting: Reporting, rows: Rows) -> list[Report]:
    """Every model's report and every comparison on one set of rows; none without rows."""
    settings = reporting.settings
    test = {name: _of(scores, rows) for name, scores in reporting.test.items()}
    if not all(len(scores) for scores in test.values()):
        return []
    made: list[Report] = []
    for name in settings.models:
        fitting = _of(reporting.valid[name], rows).half(Half.CALIBRATION)
        made.append(
            model_report(
                test[name],
                rows,
                reporting.command,
                calibrating=fitting if len(fitting) else None,
                seed=settings.seed,
            )
        )
    sides = [tuple([test[name]] for name in pair.split(AGAINST)) for pair in settings.pairs]
    if settings.seeds_a:
        sides.append(tuple([test[n] for n in ns] for ns in (settings.seeds_a, settings.seeds_b)))
    for a, b in sides:
        compared = (
            compare_models(a, b, rows, part, reporting.command, settings.seed) for part in Part
        )
        made += [comparison for comparison in compared if comparison]
    return made


def sentence(report: Report) -> str:
    """One line for the terminal."""
    if isinstance(report, ModelReport):
        overall = report.perplexity_raw.overall
        return (
            f"{report.provenance.rows_label}: {report.provenance.title}, raw perplexity"
            f" {overall.value:.3f} ({overall.low:.3f}–{overall.high:.3f})"
        )
    if isinstance(report, Comparison):
        percent = report.difference_percent
        return (
            f"{report.rows_label}, {report.part}: {report.title_a} against {report.title_b}"
            f" {percent.value:+.2f}% ({percent.low:+.2f} to {percent.high:+.2f})"
        )
    return file_name(report)


def _scores(
    settings: ReportSettings, split: Split, names: tuple[str, ...]
) -> dict[str, ScoreTable]:
    return {
        name: best_scores(name, split, settings.tables, settings.scores)
        for name in dict.fromkeys(names)
    }


def _of(scores: ScoreTable, rows: Rows) -> ScoreTable:
    return scores.of_dataset(rows.data).between(rows.years)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--set", nargs="+", default=[], help="name=value in place of the file's")
    given = parser.parse_args()
    main(given.settings, given.set)
