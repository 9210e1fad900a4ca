"""A dataset's balance in words, as a table of measures, and as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from occu_core.occuquest.balance import Balance, Estimate
from occu_core.occuquest.balance_correction import Correction
from occu_core.occuquest.balance_files import balance_json, correction_json
from pages.shared.displays import as_text

_MEANINGS = {
    "Items": "Rows that could be read.",
    "About no occupation": "Share of items that are about nobody's work, such as riddles or"
    " small talk. All measures below are of the other items.",
    "Normalised entropy": "1 if all 26 categories have as many items, 0 if one has them all."
    " −Σ p ln p / ln 26.",
    "Effective categories": "As many categories of equal size would be as diverse. exp(−Σ p ln p).",
    "Gini": "0 if all categories have as many items, near 1 if one has them all.",
    "Divergence": "How far the categories are from the reference, in nats; 0 if they agree."
    " Kullback–Leibler, Σ p ln(p / q).",
    "Effective, size controlled": "Effective categories after dividing each category's items by"
    " its number of occupations: a category with many occupations may have many items.",
    "Occupations covered": "Share of the listed occupations to expect if every dataset were as"
    " small as the smallest one shown (rarefaction).",
}


def in_words(balances: Sequence[Balance], corrected: Mapping[str, Correction]) -> None:
    """What stands out of each dataset, in a sentence."""
    st.markdown(
        "\n".join(f"- {as_text(_sentence(one, corrected.get(one.name)))}" for one in balances)
    )


def measures_table(balances: Sequence[Balance]) -> None:
    """The measures of every dataset, and what each means."""
    at = balances[0].coverage_at
    rows = {name: [] for name in _MEANINGS}
    for one in balances:
        spread, controlled = one.spread, one.controlled
        cells = (
            f"{one.items:,}",
            _share(one.no_occupation),
            _number(spread.entropy if spread else None, 3),
            _number(spread.effective_categories if spread else None, 1),
            _number(spread.gini if spread else None, 2),
            _number(spread.kl if spread else None, 2),
            _number(controlled.effective_categories if controlled else None, 1),
            _share(one.coverage),
        )
        for name, cell in zip(rows, cells, strict=True):
            rows[name].append(cell)
    table = pd.DataFrame(rows, index=[one.name for one in balances]).T
    table.index.name = "Measure"
    st.dataframe(
        table,
        column_config={"_index": st.column_config.TextColumn(width=200, pinned=True)},
        alt="Every measure of every dataset, with its 95% interval",
    )
    st.caption(
        f"Occupations covered are at {at:,} items of each dataset. Measures are of the tags as they"
        " are, with 95% intervals."
    )
    with st.expander("What each measure means", icon=":material/help:"):
        st.markdown(
            "\n".join(f"- **{name}**: {as_text(meaning)}" for name, meaning in _MEANINGS.items())
        )
        st.caption(
            "A number is of the items as they are; its interval is for where they came from. Few"
            " items miss some categories by chance, so the interval can lie to one side."
        )


def downloads(balances: Sequence[Balance], corrected: Mapping[str, Correction]) -> None:
    """The figures as files."""
    table = pd.DataFrame(
        [
            {"dataset": _no_formula(one.name), "category": name}
            | {"count": c.count, "share": c.share.value, "low": c.share.low, "high": c.share.high}
            | {"items_per_occupation": c.per_occupation}
            for one in balances
            for name, c in one.categories.items()
        ]
    )
    everything = {
        one.name: balance_json(one)
        | ({"corrected": correction_json(corrected[one.name])} if one.name in corrected else {})
        for one in balances
    }
    with st.container(horizontal=True):
        for kind, content in (
            ("CSV", table.to_csv(index=False)),
            ("JSON", json.dumps(everything, indent=2, ensure_ascii=False)),
        ):
            st.download_button(
                f"{kind} of these figures",
                content,
                f"occuscope-balance.{kind.lower()}",
                "text/csv" if kind == "CSV" else "application/json",
                key=f"category_balance.{kind.lower()}",
                icon=":material/download:",
                on_click="ignore",
            )


def _sentence(one: Balance, corrected: Correction | None) -> str:
    if one.spread is None:
        return f"{one.name}: none of its {one.items:,} items is about an occupation's work."
    shares = corrected.categories if corrected else {n: c.share for n, c in one.categories.items()}
    ranked = sorted(shares, key=lambda name: -shares[name].value)
    absent = [name for name, c in one.categories.items() if not c.count]
    missing = f"; none is tagged {absent[0]}" if len(absent) == 1 else ""
    if len(absent) > 1:
        missing = f"; {len(absent)} categories have none"
    nobody = f"{one.no_occupation.value:.0%}"
    if corrected:
        nobody = f"{corrected.no_occupation.value:.0%} (tagged: {nobody})"
    most = f"most are {ranked[0]} and {ranked[1]}"
    if len({category.count for category in one.categories.values()}) == 1:
        most = "every category has as many"
    diverse = f"{one.spread.effective_categories.value:.1f} categories of equal size"
    return (
        f"{one.name}: {nobody} of {one.items:,} items are about no occupation. The tags of the rest"
        f" are as diverse as {diverse}; {most}{missing}."
    )


def _number(estimate: Estimate | None, digits: int) -> str:
    if estimate is None:
        return "–"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f}–{estimate.high:.{digits}f})"


def _share(estimate: Estimate) -> str:
    return f"{estimate.value:.1%} ({estimate.low:.1%}–{estimate.high:.1%})"


def _no_formula(text: str) -> str:
    """Text that a spreadsheet does not run."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
