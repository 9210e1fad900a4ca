"""The runs on the Generate page: how far each is, what it made, what was set aside."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from occu_core.endpoints import EndpointError
from occu_core.occuquest.generation.folder import ITEMS, MANIFEST, QUARANTINE, RunFolder
from occu_core.occuquest.generation.jobs import Job, JobState
from occu_core.occuquest.generation.plan import PlanError, Stage
from occu_core.occuquest.generation.records import Ending
from pages.shared import generation
from pages.shared.displays import as_text

MOST_SHOWN, MOST_ROWS = 20, 500
_ENDINGS = {
    Ending.COMPLETE: (":green-badge[complete]", ""),
    Ending.PAUSED: (
        ":gray-badge[paused]",
        "What was answered is kept; going on pays for the rest.",
    ),
    Ending.CAP: (":orange-badge[cap reached]", "Raise the cap above to go on."),
    Ending.REFUSED: (":red-badge[stopped]", ""),
}


def runs() -> None:
    """Every run there is, the latest first."""
    generation.problem()
    begun = {path.parent for path in generation.runs_folder().glob("*/plan.json")}
    folders = sorted(begun | set(generation.jobs().folders()), reverse=True)
    if not folders:
        st.caption("None yet. A run goes on when this page is closed or loaded again.")
    for path in folders[:MOST_SHOWN]:
        job = generation.jobs().find(path)
        going = job is not None and job.running
        shown = st.fragment(_run, run_every=1.0 if going else None)
        shown(path, going=going)


def _run(path: Path, *, going: bool) -> None:
    job = generation.jobs().find(path)
    running = job is not None and job.running
    if running != going:
        st.rerun()  # begun or ended since the whole page was drawn: look every second, or no more
    with st.container(border=True):
        if job is not None and going:
            _progress(path, job)
        else:
            _outcome(path, job.state if job else None)


def _progress(path: Path, job: Job) -> None:
    state = job.state
    st.markdown(
        f"**{as_text(path.name)}** :blue-badge[{'pausing' if state.pausing else 'running'}]"
    )
    stages = list(Stage)
    now = stages.index(state.progress.stage) if state.progress else 0
    done, total = (state.progress.done, state.progress.total) if state.progress else (0, 1)
    st.progress(
        min(1.0, done / max(total, 1)),
        f"{stages[now].capitalize()}, step {now + 1} of {len(stages)}: {done:,} of {total:,}",
    )
    usage = state.usage
    with st.grid(4, min_column_width=120, gap="small", vertical_alignment="bottom"):
        st.metric("Calls", f"{usage.calls:,}")
        st.metric("Known already", f"{usage.cached:,}")
        st.metric("Spent", f"${usage.spent:,.4f}", help=f"Of at most ${job.cap:,.2f}.")
        st.button(
            "Pause",
            key=f"generate.pause.{path.name}",
            icon=":material/pause:",
            on_click=job.pause,
            disabled=state.pausing,
            width="stretch",
        )


def _outcome(path: Path, state: JobState | None) -> None:
    folder = RunFolder(path)
    manifest = folder.manifest()
    ending = Ending(manifest["ending"]) if manifest else Ending.PAUSED
    if state is not None and state.ending is not None:
        ending = state.ending
    badge, advice = _ENDINGS[ending]
    made = f"{manifest['items']:,} items" if manifest else "no items yet"
    st.markdown(f"**{as_text(path.name)}** {badge} {made}")
    problem = (state.problem if state else "") or (manifest["reason"] if manifest else "")
    if problem and ending is not Ending.COMPLETE:
        st.code(problem, language=None, wrap_lines=True)
    if advice:
        st.caption(advice)
    with st.container(horizontal=True):
        if ending is not Ending.COMPLETE:
            st.button(
                "Go on",
                key=f"generate.resume.{path.name}",
                icon=":material/play_arrow:",
                on_click=_resume,
                args=(path,),
            )
        if manifest:
            _download(path / ITEMS, "Items (JSONL)")
            _download(path / MANIFEST, "Manifest")
            _download(path / QUARANTINE, "Set aside")
    if manifest:
        with st.expander("How each stage went", icon=":material/table_rows:"):
            _yields(manifest["stages"])
        with st.expander("What was set aside, and why", icon=":material/inventory_2:"):
            _set_aside(folder)


def _resume(path: Path) -> None:
    folder = RunFolder(path)
    try:
        plan, endpoint = folder.plan(), folder.endpoint()
    except (PlanError, EndpointError) as error:
        generation.refuse(str(error))
        return
    generation.begin(plan, endpoint, path, st.session_state["generate.cap"])


def _download(path: Path, label: str) -> None:
    st.download_button(
        label,
        path.read_bytes,
        f"{path.parent.name}-{path.name}",
        "application/octet-stream",
        key=f"generate.{path.name}.{path.parent.name}",
        icon=":material/download:",
        on_click="ignore",
    )


def _yields(stages: dict[str, dict[str, object]]) -> None:
    """What each stage was asked and made, and what was left out of it."""
    rows = []
    for stage, counts in stages.items():
        left_out = counts["left_out"]
        reasons = left_out.items() if isinstance(left_out, dict) else ()
        rows.append(
            {
                "Stage": stage.capitalize(),
                "Asked": counts["asked"],
                "Made": counts["made"],
                "Unreadable": counts["unreadable"],
                "Failed": counts["failed"],
                "Left out": ", ".join(f"{count:,} {reason}" for reason, count in reasons),
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Asked, made and left out at each stage")


def _set_aside(folder: RunFolder) -> None:
    """Output that was not used, with its reason."""
    aside = folder.set_aside()
    if not aside:
        st.caption("Nothing.")
        return
    stages = list(dict.fromkeys(one.stage for one in aside))
    stage = st.selectbox("Stage", stages, key=f"generate.aside.{folder.path.name}")
    rows = [
        {"Occupation": one.occupation, "Why": one.reason, "What was written": one.raw[:2_000]}
        for one in aside
        if one.stage == stage
    ]
    st.dataframe(
        pd.DataFrame(rows[:MOST_ROWS]),
        hide_index=True,
        alt=f"Output of the stage {stage} that was not used",
    )
    if len(rows) > MOST_ROWS:
        st.caption(f"{MOST_ROWS} of {len(rows):,}; the file holds all.")
