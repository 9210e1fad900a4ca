"""The backtest on the What then page: forecasts made at a past date, against what followed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from occu_core.assets import asset_path
from occu_core.explain.backtest import SAME, BacktestReport, Run, load_backtest
from occu_core.explain.forecast_exports import table_csv
from occu_core.figures import forecast_checks as drawn
from pages.shared.displays import as_text, chart
from pages.shared.what_then_displays import figure_files

_EDUCATION = {"forecast": "forecast as well", "true": "as it truly was"}


def backtest() -> None:
    """Forecasts that small models made at an earlier date, against what happened since."""
    try:
        report = _backtest()
    except ValueError as error:
        st.info(as_text(f"There is no backtest here: {error}"), icon=":material/history:")
        return
    years = [fit.year for fit in report.runs[0].years]
    st.markdown(
        f"Small models that learned only from years to **{report.trained_to}** forecast"
        f" {years[0]}–{years[-1]} for {report.workers:,} workers they never saw"
        f" ({as_text(report.data)}; {report.paths} futures each). The models above are larger and"
        " saw all years, so this says how such forecasts fare, not how these very models do."
    )
    with st.grid(2, min_column_width=200, gap="small"):
        part = st.selectbox(
            "Share of workers in", [SAME, *_parts(report)], key="what_then.part", format_func=str
        )
        education = st.selectbox(
            "Education of those years",
            list(_EDUCATION),
            key="what_then.backtest_education",
            format_func=lambda way: f"{_EDUCATION[way]}",
        )
    runs = [run for run in report.runs if run.education == education]
    figure = drawn.backtest(report, runs, part)
    chart(figure, "what_then.backtest")
    figure_files(figure, "backtest", f"Backtest: {part}", _backtest_csv(report))
    _fits(report)


@st.cache_resource(show_spinner=False)
def _backtest() -> BacktestReport:
    return load_backtest(asset_path("explain", "backtest.json"))


def _parts(report: BacktestReport) -> list[str]:
    names = dict.fromkeys(row.part for row in report.runs[0].parts)
    ends = [name for name in ("Not working", "Student") if name in names]
    return [*ends, *(name for name in names if name not in {SAME, *ends})]


def _fits(report: BacktestReport) -> None:
    """Every run's errors, over all years and in the last."""
    st.dataframe(
        pd.DataFrame([_fit_row(run) for run in report.runs]),
        hide_index=True,
        alt="How far each model's forecast shares were from what happened",
        column_config={
            "Perplexity, last year": st.column_config.TextColumn(
                help="Of the group, Not working or Student in the last year, from path frequencies"
            ),
        },
    )
    chance = [fit.by_chance for fit in report.runs[0].years]
    st.caption(
        "Errors in percentage points, over the occupation groups, Not working and Student. Total"
        " variation is half the sum of all errors; as many workers drawn anew would differ from"
        f" what happened by {100 * sum(chance) / len(chance):.1f} points by chance alone."
        f" `{report.command}`, seed {report.seed}."
    )


def _fit_row(run: Run) -> dict[str, str]:
    first, last = run.years[0], run.years[-1]
    mean = sum(fit.mean_error for fit in run.years) / len(run.years)
    p = last.perplexity
    return {
        "Model": run.name,
        "Education": _EDUCATION[run.education],
        "Mean error": f"{100 * mean:.2f}",
        f"Total variation {first.year}": f"{100 * first.total_variation:.1f}",
        f"Total variation {last.year}": f"{100 * last.total_variation:.1f}",
        "Perplexity, last year": f"{p.value:.1f} ({p.low:.1f}–{p.high:.1f})",
    }


def _backtest_csv(report: BacktestReport) -> str:
    comments = (report.data, f"trained to {report.trained_to}", f"seed {report.seed}")
    rows = [
        {"model": run.model, "education": run.education, "year": row.year, "part": row.part,
         "actual": row.actual.value, "actual_low": row.actual.low, "actual_high": row.actual.high,
         "predicted": row.predicted, "difference_low": row.difference.low,
         "difference_high": row.difference.high}
        for run in report.runs
        for row in run.parts
    ]  # fmt: skip
    return table_csv((*comments, f"command: {report.command}"), rows)
