"""The forms of the Generate page: which model to ask, and what to have it make."""

from __future__ import annotations

import re

import streamlit as st

from occu_core.endpoints import Endpoint, EndpointError
from occu_core.occuquest import taxonomy
from occu_core.occuquest.generation.plan import Plan, PlanError, Sizes
from occu_core.occuquest.generation.subjects import MOST_BYTES, parse_subjects, subjects_of
from pages.shared.displays import as_text

_KEPT = {"persist_state": "session"}
_KEY_NAME = re.compile(r"[A-Z][A-Z0-9_]*(?:KEY|TOKEN)")
_SIZES = {
    "responsibilities": ("Responsibilities", "of each occupation", 4, 20),
    "topics": ("Topics", "of each responsibility", 3, 20),
    "questions": ("Questions", "on each topic, each with an answer", 2, 20),
    "dialogues": ("Dialogues", "of each occupation", 1, 20),
    "turns": ("Turns", "of each side in a dialogue", 3, 8),
}


def choose_endpoint() -> Endpoint | None:
    """The model to ask; None, with what is missing, until it can be asked."""
    url = st.text_input(
        "Address of the server",
        key="generate.url",
        placeholder="http://127.0.0.1:8000/v1",
        help="Any OpenAI-compatible server: one of your own, or a service. It usually ends in /v1.",
        **_KEPT,
    )
    with st.grid(2, min_column_width=150, gap="small", vertical_alignment="bottom"):
        model = st.text_input("Model", key="generate.model", max_chars=200, **_KEPT)
        variable = st.text_input(
            "Key variable",
            key="generate.variable",
            placeholder="OPENAI_API_KEY",
            help="The name of an environment variable of the server; leave it empty if the model"
            " needs no key, or type the key below.",
            **_KEPT,
        )
        price_in = _price("in", "read")
        price_out = _price("out", "written")
    st.text_input(
        "Or the key itself",
        key="generate.key",
        type="password",
        help="Kept in this browser session's memory while it is open, and written nowhere.",
    )
    advanced = _parameters()
    if not url or not model:
        st.info(
            "Needed: the address of an OpenAI-compatible server and the name of a model there."
            " A server of your own (vLLM, llama.cpp, Ollama, `transformers serve`) costs nothing:"
            " set both prices to 0.",
            icon=":material/dns:",
        )
        return None
    try:
        check_variable(variable)
        return Endpoint(
            url.strip(),
            model.strip(),
            variable or None,
            price_in=price_in,
            price_out=price_out,
            **advanced,
        )
    except EndpointError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return None


def choose_plan() -> Plan | None:
    """What to make; None, with the reason, where it cannot be made."""
    table = st.file_uploader(
        "Occupations of your own (CSV: occupation, category)",
        type=["csv"],
        key="generate.table",
        max_upload_size=2,
        help="Without a table, they come from the 1,000 occupations that ship.",
    )
    try:
        own = parse_subjects(table.getvalue()[: MOST_BYTES + 1], table.name) if table else ()
        names, most = ([], None) if own else _choose_categories()
        within = [one.category for one in own] or names or taxonomy.categories()
        hold_out = st.selectbox(
            "Category to hold out",
            [None, *dict.fromkeys(within)],
            key="generate.hold_out",
            format_func=lambda name: name or "None",
            help="Its items are kept out of training, validation and test.",
        )
        with st.grid(3, min_column_width=120, gap="small"):
            sizes = Sizes(**{name: _size(name) for name in _SIZES})
        return Plan(own or subjects_of(names, most, hold_out), sizes, hold_out)
    except PlanError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return None


def check_variable(name: str) -> None:
    """Only what is meant for keys may be read and sent: a visitor chooses where it goes."""
    if name and not _KEY_NAME.fullmatch(name):
        raise EndpointError(
            "the variable's name must end in KEY or TOKEN, in capitals, such as OPENAI_API_KEY;"
            " never put the key itself there"
        )


def _price(name: str, verb: str) -> float | None:
    return st.number_input(
        f"$ per million tokens {verb}",
        min_value=0.0,
        max_value=10_000.0,
        value=None,
        key=f"generate.price_{name}",
        placeholder="0 if local",
        **_KEPT,
    )


def _parameters() -> dict[str, float | int | None]:
    """What is rarely changed."""
    with (
        st.expander("Parameters and pace", icon=":material/tune:"),
        st.grid(2, min_column_width=130, gap="small"),
    ):
        return {
            "temperature": st.number_input(
                "Temperature", 0.0, 2.0, None, 0.1, key="generate.temperature",
                placeholder="the server's own",
            ),
            "max_tokens": st.number_input(
                "Most tokens in a reply", 64, 32_768, 2_048, 64, key="generate.max_tokens"
            ),
            "concurrency": st.number_input("Calls at a time", 1, 64, 8, key="generate.concurrency"),
            "requests_per_minute": st.number_input(
                "Calls a minute", 1.0, None, None, 10.0, key="generate.rpm",
                placeholder="as many as it takes",
            ),
        }  # fmt: skip


def _choose_categories() -> tuple[list[str], int | None]:
    with st.grid(2, min_column_width=200, gap="small"):
        names = st.multiselect(
            "Categories",
            taxonomy.categories(),
            key="generate.categories",
            placeholder="All 26",
            **_KEPT,
        )
        most = st.number_input(
            "Occupations of each",
            1,
            200,
            2,
            key="generate.per_category",
            help="In the order of the list; an occupation in two categories counts once.",
            **_KEPT,
        )
    return names, most


def _size(name: str) -> int:
    label, of_what, usual, most = _SIZES[name]
    least = {"turns": 2, "questions": 0, "dialogues": 0}.get(name, 1)
    help_text = of_what[0].upper() + of_what[1:]
    return st.number_input(
        label, least, most, usual, key=f"generate.{name}", help=help_text, **_KEPT
    )
