"""What the Category balance page says of mixing groups of text to train on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from occu_core.assets import asset_path
from occu_core.figures.occuquest_mixtures import group_losses, group_shares, in_nats
from occu_core.occuquest.mixture_report import (
    Measure,
    MixtureReport,
    MixtureReportError,
    read_mixture_report,
)
from occu_core.occuquest.mixture_words import findings
from pages.shared.displays import as_text, chart

_LOSS, _SHARE = "Held-out loss", "Share of training"
_COLUMNS = {
    Measure.WORST: "Worst group",
    Measure.NAMED: "Hardest group",
    Measure.MEAN: "Mean of groups",
    Measure.OVERALL: "All text",
}


def section() -> None:
    """How mixtures of training text compare; nothing where no report ships."""
    report = _shipped("mixtures.json")
    if report is None:
        return
    st.subheader("Mixing groups to train on")
    st.caption(
        "Not the datasets chosen above: an experiment on its own groups of public text. A model"
        " learns from a mixture; the mixture decides which group is left behind."
    )
    _findings(report)
    shown = st.segmented_control(
        "Of each group", [_LOSS, _SHARE], default=_LOSS, key="category_balance.mixtures",
        required=True,
    )  # fmt: skip
    drawn = group_shares(report) if shown == _SHARE else group_losses(report)
    chart(drawn, "category_balance.mixtures_figure")
    _table(report)
    if short := _shipped("mixtures_short.json"):
        with st.expander("The same with half as much training"):
            st.caption(
                "Measured first. Its seeds differ by more than its mixtures, so models were trained"
                " for twice as long."
            )
            _findings(short)
    with st.expander("How mixtures were compared"):
        st.markdown(as_text(report.how))
        st.code(report.command, language=None, wrap_lines=True)


def _findings(report: MixtureReport) -> None:
    st.markdown("\n".join(f"- {as_text(sentence)}" for sentence in findings(report)))


def _table(report: MixtureReport) -> None:
    """Every mixture by every measure."""
    rows = {
        mixture.name: {
            column: in_nats(mixture.measures[measure]) for measure, column in _COLUMNS.items()
        }
        for mixture in report.mixtures
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "Mixture"
    st.dataframe(
        table,
        column_config={"_index": st.column_config.TextColumn(width=160, pinned=True)},
        alt="Held-out loss under every mixture, with its 95% interval",
    )
    st.caption(
        as_text(
            "Nats per token. Worst group: whichever does worst under the mixture. Hardest group:"
            f" {report.named}, which did worst under 1:1 on other held-out items. All text: groups"
            " in proportion to their sizes."
        )
    )


@st.cache_resource(show_spinner=False)
def _shipped(name: str) -> MixtureReport | None:
    try:
        return read_mixture_report(asset_path("occuquest", "reports") / name)
    except MixtureReportError:
        return None
