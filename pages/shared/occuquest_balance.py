"""What the Category balance page lets choose, and how it shows what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from occu_core.figures import occuquest as figures
from occu_core.occuquest.balance import Balance, Weighing, measure_all
from occu_core.occuquest.balance_correction import Correction
from occu_core.occuquest.balance_counts import Counts
from occu_core.occuquest.balance_standard import Reference
from occu_core.occuquest.items import Item
from pages.shared.displays import as_text, chart
from pages.shared.occuquest_datasets import (
    SAMPLE,
    own_datasets,
    sample,
    sample_counts,
    sample_note,
    shipped_figures,
    taxonomy,
)

REAL = "Real datasets and yours"
_REFERENCES = {
    Reference.CATEGORIES: "Every category alike",
    Reference.OCCUPATIONS: "By number of occupations",
    Reference.EMPLOYMENT: "By people employed in the US",
}
_SPREAD_LIKE = {
    Reference.CATEGORIES: "evenly over categories",
    Reference.OCCUPATIONS: "evenly over occupations",
    Reference.EMPLOYMENT: "like people at work in the US",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A dataset to show: its counts, what to know of it, and its corrected shares if there are."""

    title: str
    counts: Counts
    caveat: str = ""
    corrected: Correction | None = None


def choose() -> tuple[Chosen, ...]:
    """Up to four datasets; the sample stands alone, since it says nothing of real data."""
    kind = st.segmented_control(
        "Show", [REAL, SAMPLE], default=REAL, key="category_balance.show", required=True
    )
    if kind == SAMPLE:
        sample_note()
        return (Chosen(SAMPLE, sample_counts()),)
    known = {
        f.title: Chosen(f.title, f.counts, f.caveat, f.corrected)
        for f in shipped_figures().datasets
    }
    known |= {name: Chosen(name, own.counts) for name, own in own_datasets().items()}
    names = st.multiselect(
        "Datasets side by side",
        list(known),
        default=list(known)[: figures.MOST_DATASETS],
        max_selections=figures.MOST_DATASETS,
        key="category_balance.datasets",
        persist_state="session",
    )
    return tuple(known[name] for name in names)


def choose_reference() -> Reference:
    """What the grey lines and the divergence are of."""
    return st.selectbox(
        "Compared with",
        list(Reference),
        format_func=_REFERENCES.__getitem__,
        key="category_balance.reference",
        persist_state="session",
        help="The grey lines in the figure, and what the divergence is measured from.",
    )


def choose_corrected(chosen: Sequence[Chosen]) -> bool:
    """Whether to show shares corrected for the tagger's errors, where all datasets have them."""
    if not all(one.corrected for one in chosen):
        return False
    return st.toggle(
        "Corrected for the tagger's errors",
        value=True,
        key="category_balance.corrected",
        help="Prompts that people read show where the tagger errs; prediction-powered inference"
        " takes that out of the shares. Intervals are wider: they hold the tagger's errors too.",
    )


@st.cache_data(show_spinner="Measuring…", max_entries=64)
def measured(chosen: tuple[Chosen, ...], reference: Reference) -> tuple[Balance, ...]:
    """Every chosen dataset's balance."""
    return measure_all({one.title: one.counts for one in chosen}, Weighing(taxonomy(), reference))


def caveats(chosen: Sequence[Chosen]) -> None:
    """What to know before comparing."""
    lines = [f"- **{as_text(one.title)}**: {as_text(one.caveat)}" for one in chosen if one.caveat]
    if lines:
        st.caption("\n".join(lines))


def shares_figure(
    chosen: Sequence[Chosen], balances: Sequence[Balance], *, corrected: bool
) -> None:
    """Every category's share in every dataset."""
    standard, reference = taxonomy(), balances[0].reference
    even = dict(zip(standard.categories, standard.shares(reference).tolist(), strict=True))
    shown = []
    for one, balance in zip(chosen, balances, strict=True):
        found = {name: c.share for name, c in balance.categories.items()}
        nobody = balance.no_occupation.value
        if corrected and one.corrected:
            found, nobody = dict(one.corrected.categories), one.corrected.no_occupation.value
        expected = {name: share * (1 - nobody) for name, share in even.items()}
        shown.append(figures.Shares(one.title, found, expected))
    how = "prediction-powered" if corrected else "bootstrap"
    caption = (
        f"Share of all items, with its 95% {how} interval. A grey tick is where the dot would be if"
        f" the items with an occupation were spread {_SPREAD_LIKE[reference]}."
    )
    chart(figures.category_shares(shown, caption), "category_balance.shares")


def corrections(chosen: Sequence[Chosen]) -> dict[str, Correction]:
    """The corrected shares there are, by dataset."""
    return {one.title: one.corrected for one in chosen if one.corrected}


def inside(chosen: Sequence[Chosen]) -> None:
    """What one dataset holds, from category to question as far as that is known."""
    title = st.selectbox("Dataset", [one.title for one in chosen], key="category_balance.inside")
    one = next(one for one in chosen if one.title == title)
    items = _items(title)
    if not items:
        _occupations_figure(one)
        return
    names = sorted({item.category for item in items if item.category})
    category = st.selectbox(
        "Category", names, index=None, placeholder="All", key="category_balance.category"
    )
    within = [item for item in items if category in (None, item.category)]
    chart(figures.hierarchy(within, category or title), "category_balance.hierarchy")
    st.caption("Press a box to go into it; the line at the top leads back.")


def how_made() -> None:
    """How the shipped figures were made."""
    if how := shipped_figures().how:
        with st.expander("How the figures of the real datasets were made"):
            st.markdown(as_text(how))


def _occupations_figure(one: Chosen) -> None:
    """Categories and the commonest occupations, of which counts are all that is known."""
    if not one.counts.occupations:
        st.caption("Nothing is known of this dataset below its categories.")
        return
    chart(figures.occupations_of(_by_category(one.counts), one.title), "category_balance.hierarchy")
    st.caption(
        "Press a category to see its occupations; the line at the top leads back. Only counts of"
        " the real datasets ship, so their questions cannot be opened."
    )


def _by_category(counts: Counts) -> Mapping[str, Mapping[str, int]]:
    """Counts of occupations by category; one that is in two stands in its first."""
    found: dict[str, dict[str, int]] = {}
    for name, count in counts.occupations.items():
        found.setdefault(taxonomy().category_of[name], {})[name] = count
    return found


def _items(title: str) -> tuple[Item, ...]:
    if title == SAMPLE:
        return sample()
    own = own_datasets().get(title)
    return tuple(item for item in own.items if item.category) if own else ()
