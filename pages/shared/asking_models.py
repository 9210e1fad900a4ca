"""Who may answer on the Ask page: models of the setting, a server of one's own, the sample."""

from __future__ import annotations

import os
from dataclasses import dataclass

import streamlit as st

from occu_core.answering.answer_files import SystemAnswer
from occu_core.answering.asking import Answerers
from occu_core.answering.questions import Question
from occu_core.answering.sources import (
    SETTING,
    ServerSource,
    Source,
    SourceError,
    checked_name,
    configured,
)
from occu_core.endpoints import Endpoint, EndpointError, Reply
from occu_core.home import data_folder
from occu_core.occuquest.items import Item
from pages.shared.displays import as_text
from pages.shared.generation_inputs import check_variable
from pages.shared.visitors import at_this_computer

SAMPLE = "sample"
_SWITCH = "OCCU_ASK"
_OWN = "ask.own"
_KEPT = {"persist_state": "session"}
_WAYS = f"""`{SETTING}` in the server's environment names those that may answer, such as
`{SETTING}="tuned=/models/my-adapter;base=/models/base"`: folders of models or adapters, or
`ADDRESS#MODEL` of a server. Prices, caps and key variables of servers stand in a TOML file that it
names. `occu respond` answers whole files."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A question on the page; the sample item that it comes from, if it does."""

    question: Question
    item: Item | None = None

    def sample_answer(self) -> SystemAnswer | None:
        """What the sample's writers answered."""
        if self.item is None or self.item.answer is None:
            return None
        said = Reply(self.item.answer, "none: written for the project", 0, 0, 0.0, False, "")
        return SystemAnswer(self.question, SAMPLE, said, "written")


@st.cache_resource(show_spinner=False)
def answerers() -> Answerers:
    """The one worker of this server: loaded models are shared by all its visitors."""
    return Answerers(data_folder() / "asked")


def choose(chosen: Chosen | None) -> tuple[Source | None, ...]:
    """One or two who answer; None stands for the sample's own answer."""
    sources = dict(_sources())
    has_sample = chosen is not None and chosen.sample_answer() is not None
    names = [*sources, *([SAMPLE] if has_sample else [])]
    if not sources:
        _say_that_there_is_none()
    if not names:
        return ()
    # A key for each list of names: a name that is gone must not stay chosen.
    key = f"ask.first.{'|'.join(names)}"
    first = st.selectbox("Answers", names, key=key, format_func=_label)
    others = [name for name in names if name != first]
    second = None
    if others:
        second = st.selectbox(
            "Beside it", others, index=None, key=f"ask.second.{first}.{'|'.join(names)}",
            format_func=_label, placeholder="Nobody",
        )  # fmt: skip
    return tuple(sources.get(name) for name in (first, second) if name is not None)


def _sources() -> dict[str, Source]:
    """The models that this visitor may use."""
    switch = os.environ.get(_SWITCH, "").casefold()
    if switch != "on" and (switch == "off" or not at_this_computer()):
        st.caption(
            "Models answer only in a browser on the computer that runs Occuscope:"
            f" `{_SWITCH}=on` in the server's environment opens them to every visitor,"
            f" `{_SWITCH}=off` closes them to all."
        )
        return {}
    found: dict[str, Source] = {}
    try:
        found |= configured()
    except (SourceError, EndpointError) as error:
        st.error(as_text(str(error)), icon=":material/error:")
    if at_this_computer():  # others could have this server's keys sent to an address of theirs
        with st.popover("A server of mine", icon=":material/dns:", key="ask.server"):
            _own_server()
    return found | st.session_state.get(_OWN, {})


def _say_that_there_is_none() -> None:
    st.info(
        "No model is set up to answer here, so there are only the sample's own answers, written"
        " for the project and by no model.",
        icon=":material/info:",
    )
    with st.expander("How to set one up", icon=":material/tune:"):
        st.markdown(_WAYS)


def _own_server() -> None:
    """A form that adds a server for this browser session."""
    with st.form("ask.own_form", border=False):
        url = st.text_input("Address", key="ask.url", placeholder="http://127.0.0.1:8000/v1")
        model = st.text_input("Model", key="ask.model", max_chars=200)
        variable = st.text_input(
            "Key variable", key="ask.variable", placeholder="OPENAI_API_KEY",
            help="The name of an environment variable of the server; empty if none is needed.",
        )  # fmt: skip
        with st.grid(3, min_column_width=110, gap="small"):
            prices = [
                st.number_input(
                    f"\\$ a million {verb}", 0.0, 10_000.0, None, key=f"ask.price_{verb}",
                    placeholder="0 if local",
                )
                for verb in ("read", "written")
            ]  # fmt: skip
            cap = st.number_input("Spend at most, \\$", 0.0, 1_000.0, 1.0, key="ask.cap")
        if st.form_submit_button("Add", key="ask.add"):
            _add(url.strip(), model.strip(), variable.strip(), (prices[0], prices[1]), cap)


def _add(
    url: str, model: str, variable: str, prices: tuple[float | None, float | None], cap: float
) -> None:
    try:
        check_variable(variable)
        where = Endpoint(
            url, model, variable or None, price_in=prices[0], price_out=prices[1], retries=1
        )
        if not where.priced:
            raise SourceError(
                "both prices are needed, 0 for a server of your own: the cap needs them"
            )
        where.api_key()
        own = {
            **st.session_state.get(_OWN, {}),
            model: ServerSource(checked_name(model), where, cap),
        }
        st.session_state[_OWN] = own
    except (EndpointError, SourceError) as error:
        st.error(as_text(str(error)), icon=":material/error:")


def _label(name: str) -> str:
    return "The sample's own answer (by no model)" if name == SAMPLE else name
