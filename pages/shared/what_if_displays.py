"""How a comparison and a sweep are shown: the answer first, what is noise always beside it."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from occu_core.careers import Query
from occu_core.data.links import View, encode_view
from occu_core.explain import what_if_words as words
from occu_core.explain.sweeps import ASSOCIATION, TOP_OCCUPATIONS, Sweep
from occu_core.explain.what_if import WhatIf
from occu_core.explain.what_if_exports import sweep_to_csv, sweep_to_json, to_csv, to_json
from occu_core.figures import percent
from occu_core.figures import what_if as figures
from occu_core.models.support import outside_training
from pages.shared import displays, what_if_pinned
from pages.shared.displays import as_text

_MOST_DIFFERENCES = 4


def differences(found: WhatIf) -> bool:
    """What differs between the two sides, or that nothing does; whether anything does."""
    lines = [
        f"**{as_text(d.what)}**: {as_text(d.before)} → {as_text(d.after)}"
        for d in found.differs[:_MOST_DIFFERENCES]
    ]
    if more := len(found.differs) - len(lines):
        lines.append(f"{more} more")
    if not found.same_model:
        cards = [as_text(side.card.title) for side in (found.before, found.after)]
        lines.append(f"**model**: {cards[0]} → {cards[1]}")
    if lines:
        st.markdown("Changed: " + " · ".join(lines))
    else:
        st.info(
            "Nothing differs yet: change something under “What if…”, or choose another model for"
            " the pinned case.",
            icon=":material/tune:",
        )
    return bool(lines)


def warnings(found: WhatIf) -> None:
    """Where either case lies outside what its model learned from."""
    sides = found.after, found.before
    told = [set(outside_training(side.card, side.query)) for side in sides]
    displays.warnings([found.after.card], found.after.query)
    if told[1] - told[0]:
        displays.warnings([found.before.card], found.before.query)


def parts(found: WhatIf, *, differ: bool) -> None:
    """The four parts of the changed case, each with its change and noise below."""
    with st.grid(4, min_column_width=120, gap="small"):
        for part, dot in zip(found.parts, ("green", "orange", "gray", "violet"), strict=True):
            known = part.change is not None
            flag, arrow = ("", "up" if (part.change or 0.0) > 0 else "down")
            if part.within_noise:
                flag, arrow = (" noise", "off")
            st.metric(
                f":{dot}[●] {part.name}",
                "–" if part.after is None else percent(part.after),
                delta=f"{words.change_and_noise(part)}{flag}" if known and differ else None,
                delta_color="off" if part.within_noise else "blue",
                delta_arrow=arrow,
                help=None if known else "In one of the cases there is no job to keep.",
            )


def charts(found: WhatIf) -> None:
    """The parts and the occupations that move most."""
    left, right = st.columns([1, 1.35], gap="medium")
    with left:
        st.subheader("The four parts")
        displays.chart(figures.part_shifts(found), "what_if.parts")
    with right:
        st.subheader("Occupations that move most")
        if found.movers(1):
            displays.chart(figures.shifts(found), "what_if.shifts")
        else:
            st.caption("No other occupation becomes likelier or less likely.")
    st.markdown(as_text(words.summary(found)))
    st.caption(as_text(words.noise_in_words(found)))


def table(found: WhatIf) -> None:
    """Every state, the largest change first, with its flag."""
    frame = pd.DataFrame(
        {
            "Occupation": [shift.name for shift in found.shifts],
            "Pinned": [100 * (shift.before or 0.0) for shift in found.shifts],
            "Changed": [100 * (shift.after or 0.0) for shift in found.shifts],
            "Points": [100 * (shift.change or 0.0) for shift in found.shifts],
            "Noise ±": [100 * (shift.noise or 0.0) for shift in found.shifts],
            "Flag": ["within noise" if s.within_noise else "" for s in found.shifts],
        }
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        frame,
        height=420,
        hide_index=True,
        column_config={
            "Occupation": st.column_config.TextColumn(width=185),
            "Pinned": number(format="%.3f%%", width=75),
            "Changed": number(format="%.3f%%", width=75),
            "Points": number(format="%+.3f", width=72),
            "Noise ±": number(format="%.3f", width=66),
            "Flag": st.column_config.TextColumn(width=90),
        },
        alt="Every state with its probability in both cases, the change, its noise and a flag",
    )


def swept(found: Sweep, codes: list[str]) -> None:
    """A sweep's parts and occupations, what it is, and its files."""
    st.info(f"{ASSOCIATION.capitalize()}.", icon=":material/info:")
    named = found.outcomes(TOP_OCCUPATIONS)
    titles = {o.code: o.title for o in found.case.distribution.taxonomy}
    chosen = [(code, titles[code]) for code in codes]
    left, right = st.columns(2, gap="medium")
    with left:
        parts_named = [outcome for outcome in named if outcome[0] is None]
        displays.chart(figures.sweep(found, parts_named), "what_if.sweep_parts")
    with right:
        states = chosen or [outcome for outcome in named if outcome[0] is not None]
        displays.chart(figures.sweep(found, states), "what_if.sweep_states")
    gaps = [found.widest_gap(*outcome) for outcome in (*parts_named, *states)]
    st.markdown("\n".join(f"- {as_text(words.gap_in_words(found, gap))}" for gap in gaps))
    st.caption(
        "The widest gap of many passes its floor by chance more often than one named beforehand."
    )
    name = f"occuscope-sweep-{found.field}-{found.case.card.name}"
    _files(name, sweep_to_csv(found), sweep_to_json(found, len(titles)), "sweep_")


def downloads(found: WhatIf) -> None:
    """The whole comparison as files."""
    _files(f"occuscope-what-if-{found.after.card.name}", to_csv(found), to_json(found), "")


def link(query: Query, model: str, *, sensitive: bool) -> None:
    """An address that reopens both cases, ready to copy."""
    st.caption("The address holds both careers: whoever has it can read them.")
    pasts = query.past, what_if_pinned.pinned().query.past
    if not sensitive and any(past.sex or past.race_ethnicity for past in pasts):
        st.caption("Without sex and race/ethnicity the reopened numbers can differ.")
    address = (st.context.url or "").partition("?")[0]
    changed = encode_view(View(query, (model,)), sensitive=sensitive)
    pinned = what_if_pinned.token(model, sensitive=sensitive)
    st.code(
        f"{address}?v={changed}&{what_if_pinned.LINK}={pinned}",
        language=None,
        wrap_lines=True,
        height=160,
    )


def _files(name: str, as_csv: str, content: dict[str, object], prefix: str) -> None:
    as_json = json.dumps(content, indent=2, ensure_ascii=False)
    with st.container(horizontal=True, gap="small", width="content"):
        for kind, mime, text in (
            ("CSV", "text/csv", as_csv),
            ("JSON", "application/json", as_json),
        ):
            st.download_button(
                kind,
                text,
                f"{name}.{kind.lower()}",
                mime,
                key=f"what_if.{prefix}{kind.lower()}",
                icon=":material/download:",
                on_click="ignore",
            )
