"""How sampled futures are shown on the What then page, and the files of each figure."""

from __future__ import annotations

import json
from functools import partial

import streamlit as st

from occu_core.explain.forecast_exports import (
    card_comments,
    education_in_words,
    notes,
    paths_csv,
    shares_csv,
    table_csv,
    to_json,
)
from occu_core.explain.forecasts import Forecast, Lanes, Share, lanes, share_of
from occu_core.explain.typical_paths import TypicalPath, typical_paths
from occu_core.figures import Chart, percent
from occu_core.figures import forecasts as drawn
from occu_core.figures.figure_file import figure_html
from occu_core.figures.forecast_flow import flow as flow_figure
from occu_core.predictions import NOTE
from pages.shared.displays import as_text, chart

_TYPES = 5


def outside(found: Forecast) -> None:
    """A banner where the years lie outside what the model learned from."""
    sentences = notes(found.card, found.query, found.years)
    if sentences:
        lines = "\n".join(f"- {as_text(sentence)}" for sentence in sentences)
        st.warning(
            f"**Outside what the model has seen: read these futures with care.**\n{lines}",
            icon=":material/travel_explore:",
        )


def at_a_glance(found: Forecast) -> None:
    """Where the futures stand in the last year, in four numbers with their sampling error."""
    jobs = found.taxonomy.jobs[found.states[:, -1]]
    last = found.query.past.records[-1].occupation if found.query.past.records else None
    same = found.states[:, -1] == found.taxonomy.position(last.code) if last else None
    names = [found.taxonomy.occupations[state].title for state in found.states[:, -1]]
    year = found.years[-1]
    with st.grid(4, min_column_width=130, gap="small"):
        _metric(f"In a job in {year}", int(jobs.sum()), found)
        _metric("In the last state", None if same is None else int(same.sum()), found)
        _metric("Not working", names.count("Not working"), found)
        _metric("Student", names.count("Student"), found)
    st.caption(
        f"{found.settings.paths:,} futures; education {as_text(education_in_words(found))}."
        " ± is twice the standard error of sampling: how far a share may be off what the model"
        " believes; for none or all of the futures, the 95% interval. Whether the model is right is"
        " another question, answered below."
    )


def flow(found: Forecast) -> Lanes:
    """The Sankey, with as many named occupations as asked."""
    top = st.segmented_control(
        "Occupations shown by name", [3, 5, 8], default=5, key="what_then.top",
        required=True, persist_state="session",
    )  # fmt: skip
    shown = lanes(found, int(top or 5))
    _figure(flow_figure(found, shown), "flow", "Futures year by year", _flow_csv(found, shown))
    return shown


def shares(found: Forecast, shown: Lanes) -> None:
    """Each lane's share by year, with whiskers."""
    _figure(drawn.shares(found, shown), "shares", "Shares by year", shares_csv(found))


def typical(found: Forecast, shown: Lanes) -> None:
    """A few futures that stand for all, drawn and written out."""
    paths = typical_paths(found, _TYPES)
    _figure(
        drawn.typical(found, shown, paths), "typical", "Typical futures", _typical_csv(found, paths)
    )
    with st.expander("In words", icon=":material/notes:"):
        for path in paths:
            spells = "; ".join(
                f"{s.first_year}–{s.last_year} {s.occupation.title}"
                for s in path.spells(found.years)
            )
            st.markdown(f"**{percent(path.share.value)}** {as_text(spells)}")


def downloads(found: Forecast) -> None:
    """All paths, and everything as JSON."""
    name = f"occuscope-futures-{found.card.name}-{found.years[0]}-{found.years[-1]}"
    with st.container(horizontal=True, gap="small"):
        for label, kind, mime, content in (
            ("Every path (CSV)", "csv", "text/csv", partial(paths_csv, found)),
            ("All of it (JSON)", "json", "application/json", partial(_json, found)),
        ):
            st.download_button(
                label, content, f"{name}.{kind}", mime, key=f"what_then.{kind}",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip


def figure_files(shown: Chart, key: str, title: str, table: str) -> None:
    """The figure as a page of its own, and its numbers."""
    name = f"occuscope-{key.replace('_', '-')}"
    with st.container(horizontal=True, gap="small"):
        for label, kind, mime, content in (
            ("Figure", "html", "text/html", partial(figure_html, shown, title, NOTE)),
            ("Its data", "csv", "text/csv", table),
        ):
            st.download_button(
                label, content, f"{name}.{kind}", mime, key=f"what_then.{key}_{kind}",
                icon=":material/download:", type="tertiary", on_click="ignore",
            )  # fmt: skip


def _figure(shown: Chart, key: str, title: str, table: str) -> None:
    chart(shown, f"what_then.{key}")
    figure_files(shown, key, title, table)


def _metric(label: str, count: int | None, found: Forecast) -> None:
    if count is None:
        st.metric(label, "–", help="There is no record before.")
        return
    share = share_of(count, found.settings.paths)
    st.metric(
        label,
        percent(share.value),
        delta=_sampling_error(share),
        delta_color="off",
        delta_arrow="off",
    )


def _sampling_error(share: Share) -> str:
    """Twice the standard error; that of none or of all is zero, so their 95% interval instead."""
    if 0 < share.value < 1:
        return f"± {200 * share.standard_error:.1f} points"
    return f"{100 * share.low:.1f} to {100 * share.high:.1f}%"


def _flow_csv(found: Forecast, shown: Lanes) -> str:
    flows = shown.flows(found)
    rows = [
        {"from_year": a, "to_year": b, "from": shown.names[i], "to": shown.names[j],
         "futures": int(step[i, j])}
        for a, b, step in zip(found.years, found.years[1:], flows, strict=False)
        for i in range(len(shown.names))
        for j in range(len(shown.names))
        if step[i, j]
    ]  # fmt: skip
    return table_csv(card_comments(found.card), rows)


def _typical_csv(found: Forecast, paths: tuple[TypicalPath, ...]) -> str:
    rows = [
        {"path": k, "share": p.share.value, "low": p.share.low, "high": p.share.high,
         "first_year": s.first_year, "last_year": s.last_year, "title": s.occupation.title}
        for k, p in enumerate(paths, start=1)
        for s in p.spells(found.years)
    ]  # fmt: skip
    return table_csv(card_comments(found.card), rows)


def _json(found: Forecast) -> str:
    return json.dumps(to_json(found, typical_paths(found, _TYPES)), indent=2, ensure_ascii=False)
