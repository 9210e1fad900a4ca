"""Reports as tables to read and files to take away."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from occu_core.evaluation import report_numbers as numbers
from occu_core.evaluation.ranking import perplexity_of
from occu_core.evaluation.report_files import Leaderboard
from occu_core.evaluation.reports import Interval, ModelReport, Part

_BEFORE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def scores_table(board: Leaderboard) -> None:
    """Every measure of every model, and the same with all interval ends as a file."""
    shown = pd.DataFrame([_row(report) for report in board.reports])
    st.dataframe(
        shown,
        hide_index=True,
        height=min(420, 38 * len(shown) + 40),
        column_config={"Model": st.column_config.TextColumn(width=190, pinned=True)},
        alt="Every measure of every model on these rows",
    )
    st.download_button(
        "CSV with all intervals",
        pd.DataFrame([numbers_of(report) for report in board.reports]).to_csv(index=False),
        "occuscope-models.csv",
        "text/csv",
        key="models.csv",
        icon=":material/download:",
        on_click="ignore",
    )


def groups_table(report: ModelReport, by: str) -> None:
    """The groups of one characteristic with their sizes and perplexities."""
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Group": s.group,
                    "Workers": s.workers,
                    "Person-years": s.rows,
                    "Perplexity": numbers.with_interval(s.perplexity),
                    "Survey-weighted": numbers.with_interval(s.weighted) if s.weighted else "–",
                }
                for s in report.subgroups
                if s.by == by
            ]
        ),
        hide_index=True,
        alt="Each group with its workers, person-years and perplexity",
    )


def _row(report: ModelReport) -> dict[str, str]:
    """A model's measures in words; a dash where one was not measured."""
    stay = report.stay
    measured = {
        "Raw perplexity": _shown(report.perplexity_raw.overall),
        "Normalised": _shown(perplexity_of(report, Part.ALL, normalised=True)),
        "First records": _shown(report.perplexity_raw.first),
        "Stays": _shown(report.perplexity_raw.stay),
        "Moves": _shown(report.perplexity_raw.move),
        "Top 1": _share(report.top1),
        "Top 5": _share(report.top5),
        "Top 10": _share(report.top10),
        "AUC change": _auc(report.auc_change),
        "AUC not working": _auc(report.auc_not_working),
        "Calibration error": f"{numbers.points(stay.error)} points" if stay else "–",
        "By chance up to": f"{numbers.points(stay.floor_high)} points" if stay else "–",
        "Coverage": _share(report.coverage),
        "Survey-weighted": _shown(report.weighted.overall if report.weighted else None),
    }
    about = report.provenance
    return {"Model": _title(report), **measured, "Trained on": about.trained_on}


def numbers_of(report: ModelReport) -> dict[str, object]:
    """A model's measures as numbers with their interval ends, for a file."""
    about = report.provenance
    texts = {
        "model": about.model,
        "title": about.title,
        "version": about.version,
        "trained_on": about.trained_on,
        "scored_on": about.rows_label,
        "rows_digest": about.rows_digest,
        "command": about.command,
    }
    measured = {f"raw_{p}": perplexity_of(report, p, normalised=False) for p in Part}
    measured |= {f"normalised_{p}": perplexity_of(report, p, normalised=True) for p in Part}
    measured |= {
        name: getattr(report, name)
        for name in ("coverage", "top1", "top5", "top10", "auc_change", "auc_not_working")
    }
    row: dict[str, float | None] = {"person_years": about.rows, "workers": about.workers}
    for name, interval in measured.items():
        ends = (interval.value, interval.low, interval.high) if interval else (None, None, None)
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    for name, found in (("stay", report.stay), ("destination", report.destination)):
        row[f"{name}_calibration_error"] = found.error if found else None
        row[f"{name}_calibration_noise_high"] = found.floor_high if found else None
    return {key: _no_formula(text) for key, text in texts.items()} | row


def _no_formula(text: str) -> str:
    """Text that a spreadsheet does not run."""
    return f"'{text}" if text.startswith(_BEFORE_A_FORMULA) else text


def _title(report: ModelReport) -> str:
    return report.provenance.title


def _shown(interval: Interval | None) -> str:
    return numbers.with_interval(interval) if interval else "–"


def _share(interval: Interval | None) -> str:
    return numbers.share(interval) if interval else "–"


def _auc(interval: Interval | None) -> str:
    return numbers.auc(interval) if interval else "–"
