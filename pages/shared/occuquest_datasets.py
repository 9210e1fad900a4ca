"""The datasets that pages show: figures of real ones that ship, the sample, and a user's own."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from occu_core.assets import asset_path
from occu_core.occuquest.balance_counts import Counting, Counts, tag_offline
from occu_core.occuquest.balance_files import BalanceFileError, ShippedFigures, read_figures
from occu_core.occuquest.balance_standard import Standard, standard
from occu_core.occuquest.items import Item
from occu_core.occuquest.reading import (
    MOST_UNPACKED_BYTES,
    MOST_UPLOADED_BYTES,
    KeptAside,
    read_dataset,
    without_repeats,
)
from occu_core.occuquest.sample import SAMPLE_NOTE, sample_items
from pages.shared.displays import as_text

SAMPLE = "Sample written for Occuscope"
OWN, OWN_PROBLEM = "own_datasets", "own_dataset_problem"
MOST_OWN, MOST_READ = 4, 5_000
KINDS = ["json", "jsonl", "csv", "tsv", "parquet", "gz"]


@dataclass(frozen=True, slots=True)
class OwnDataset:
    """A dataset uploaded in this session: everything counted, its first items to read."""

    name: str
    counts: Counts
    items: tuple[Item, ...]
    aside: KeptAside


@st.cache_resource(show_spinner=False)
def taxonomy() -> Standard:
    """The categories and occupations."""
    return standard()


@st.cache_resource(show_spinner=False)
def sample() -> tuple[Item, ...]:
    """The sample's items; one that says the same as another is there once."""
    return tuple(without_repeats(iter(sample_items())))


@st.cache_resource(show_spinner=False)
def shipped_figures() -> ShippedFigures:
    """The real datasets' figures; none if none ship."""
    path = asset_path("occuquest", "reports") / "balance.json"
    try:
        return read_figures(path)
    except BalanceFileError:
        return ShippedFigures("", ())


@st.cache_resource(show_spinner=False)
def sample_counts() -> Counts:
    """The sample, counted."""
    return Counting(taxonomy()).items(sample(), SAMPLE)


def own_datasets() -> dict[str, OwnDataset]:
    """The datasets of this session by name."""
    found: dict[str, OwnDataset] = st.session_state.setdefault(OWN, {})
    return found


def upload(page: str) -> None:
    """A place to open a dataset, and what was wrong with the last one."""
    st.file_uploader(
        "Instruction data",
        type=KINDS,
        key=f"{page}.upload",
        max_upload_size=MOST_UPLOADED_BYTES // 1_000_000,
        on_change=_uploaded,
        args=(f"{page}.upload",),
        help="OccuQuest, Dolly, Alpaca, ShareGPT, WizardLM-Evol, `messages`, or plain prompts:"
        " JSON lines, JSON, CSV or parquet, gzipped or not.",
    )
    if problem := st.session_state.get(OWN_PROBLEM):
        st.error("This file cannot be read.", icon=":material/error:")
        st.code(problem, language=None, wrap_lines=True)
    for own in own_datasets().values():
        st.markdown(f"- {as_text(own.name)}: {own.counts.items:,} items")
        if own.counts.aside.count:
            with st.expander(f"{own.counts.aside.count:,} rows of it are left out"):
                lines = "\n".join(own.counts.aside.lines())
                st.code(lines, language=None, wrap_lines=True)
    st.caption(
        "Kept in this browser session only; nobody else sees it. Items without a category are"
        " tagged by the shipped classifier, which can be wrong."
    )


def keep(raw: bytes, name: str) -> None:
    """Count an uploaded dataset and keep its first items, or say what is wrong with it."""
    st.session_state[OWN_PROBLEM] = None
    try:
        counting = Counting(taxonomy(), tag_offline, most_bytes=MOST_UNPACKED_BYTES)
        counts = counting.file(raw, name)
        if not counts.items:
            raise ValueError("\n".join([f"{name}: no row is an item", *counts.aside.lines()]))
        with read_dataset(raw, name=name, most_bytes=MOST_UNPACKED_BYTES) as (items, aside):
            first = [item for item, _ in zip(without_repeats(items), range(MOST_READ))]  # noqa: B905
    except ValueError as error:
        st.session_state[OWN_PROBLEM] = str(error)
        return
    others = {other: own for other, own in own_datasets().items() if other != name}
    kept = {**others, name: OwnDataset(name, counts, tuple(first), aside)}
    st.session_state[OWN] = dict(list(kept.items())[-MOST_OWN:])


def sample_note() -> None:
    """What the sample is not."""
    st.caption(f":material/edit_note: {SAMPLE_NOTE}")


def _uploaded(key: str) -> None:
    if file := st.session_state[key]:
        with st.spinner(f"Reading {as_text(file.name)}…"):
            keep(file.getvalue(), file.name)
