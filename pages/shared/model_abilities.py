"""What language models can do besides careers, as lm-evaluation-harness measured it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from occu_core import figures
from occu_core.evaluation import report_numbers as numbers
from occu_core.evaluation.ability import AbilityReport, AbilityScore, ability_boards
from pages.shared.displays import as_text, chart


def abilities(found: Sequence[AbilityReport]) -> None:
    """One task in a figure, and every score in a table."""
    boards = {board.label: board for board in ability_boards(found)}
    if not boards:
        st.caption("No model was measured yet. This measures one, from the repository:")
        st.code(
            "python -m train.measure_ability MODEL --tasks occupations_quiz",
            language=None,
            wrap_lines=True,
        )
        return
    label = st.selectbox(
        "Task",
        list(boards),
        key="models.ability",
        persist_state="session",
        help="Only scores on the same items, asked in the same way, are shown side by side.",
    )
    left, right = st.columns([1, 1.05], gap="large")
    with left:
        chart(figures.abilities(boards[label]), "models.abilities")
    with right:
        for report, score in boards[label].rows:
            st.markdown(as_text(_in_words(report, score)))
            st.caption(f"Made by {as_text(report.command)}")
    with st.expander("Every score, groups' parts too", icon=":material/table_rows:"):
        st.dataframe(
            pd.DataFrame([_row(report, score) for report in found for score in report.scores]),
            hide_index=True,
            alt="Every score of every model at every task",
        )


def _in_words(report: AbilityReport, score: AbilityScore) -> str:
    """What a score says beside guessing."""
    got = f"{report.title} scores {numbers.share(score.score)} on {score.items:,} items"
    low, high, chance = score.score.low, score.score.high, score.chance
    if chance is None or low is None or high is None:
        return f"{got}."
    if low <= chance <= high:
        return f"{got}, which cannot be told from guessing ({chance:.0%})."
    return f"{got}, {'above' if low > chance else 'below'} guessing ({chance:.0%})."


def _row(report: AbilityReport, score: AbilityScore) -> dict[str, object]:
    return {
        "Model": report.title,
        "Task": score.task,
        "Part of": score.part_of or "–",
        "Measure": score.measure,
        "Score": numbers.share(score.score),
        "Guessing": "–" if score.chance is None else f"{score.chance:.0%}",
        "Items": score.items,
        "Shots": "–" if score.shots is None else str(score.shots),
        "Chat": "yes" if report.chat else "no",
        "Weights": report.weights,
        "Harness": report.harness,
    }
