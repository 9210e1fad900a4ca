"""What the Browse page lets find, and how an item is read and rated."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from occu_core.models.registry import data_folder
from occu_core.occuquest.items import Item, Message, Role
from occu_core.occuquest.ratings import HIGHEST, LOWEST, MOST_NAME, SCALES, Rating, RatingStore
from occu_core.occuquest.ratings import ratings_csv as as_csv
from pages.shared.displays import as_text
from pages.shared.occuquest_datasets import MOST_READ, SAMPLE, own_datasets, sample, sample_note
from pages.shared.occuquest_text import written

LINK, ITEM, _FOLLOWED, _OPENED = "item", "browse_item", "browse_followed", "browse_opened"
_LEVELS = ("category", "occupation", "responsibility", "topic")
_ALL, _SINGLE, _DIALOGUES = "All", "Single", "Dialogue"
_ABOUT = {
    "helpfulness": "Does it answer the question, fully and to the point?",
    "honesty": "Is it correct, and does it say what it does not know?",
    "harmlessness": "Could following it hurt anybody?",
}


def choose_dataset() -> tuple[Item, ...]:
    """The items of the sample, or of a dataset of the user's own."""
    names = [SAMPLE, *own_datasets()]
    name = st.selectbox("Dataset", names, key="browse.dataset", persist_state="session")
    if name == SAMPLE:
        sample_note()
        return sample()
    own = own_datasets()[name]
    if own.counts.items > len(own.items):
        st.caption(f"The first {MOST_READ:,} different items can be read here.")
    return own.items


def narrow(items: Sequence[Item]) -> list[Item]:
    """The items that all filters let through; each filter offers what the ones before it left."""
    left = list(items)
    with st.grid(2, min_column_width=130, gap="small"):
        for level in _LEVELS:
            names = sorted({value for item in left if (value := getattr(item, level))})
            chosen = st.selectbox(
                level.capitalize(),
                names,
                index=None,
                placeholder="All",
                key=f"browse.{level}",
                disabled=not names,
            )
            left = [item for item in left if chosen in (None, getattr(item, level))]
    kind = st.segmented_control(
        "Kind",
        [_ALL, _SINGLE, _DIALOGUES],
        default=_ALL,
        key="browse.kind",
        required=True,
    )
    if kind != _ALL:
        left = [item for item in left if item.is_dialogue == (kind == _DIALOGUES)]
    words = st.text_input("Find words", key="browse.words", max_chars=200).casefold().split()
    return [item for item in left if all(word in _all_text(item) for word in words)]


def follow_link(items: Sequence[Item]) -> None:
    """Open the item that the address names when a visit begins; say so if there is none.

    Later the address follows the page: a press right after "Next" may still carry the old one.
    """
    wanted = st.query_params.get(LINK)
    if not wanted or _FOLLOWED in st.session_state:
        return
    st.session_state[_FOLLOWED] = True
    if any(item.item_id == wanted for item in items):
        _open(wanted)
        for key in (*_LEVELS, "words"):
            st.session_state.pop(f"browse.{key}", None)
    else:
        st.error(as_text(f"No item {wanted[:40]} is in this dataset."), icon=":material/link_off:")


def choose_item(found: Sequence[Item]) -> Item:
    """The item to read: the one that is open, or its neighbour, or one of the list."""
    ids = [item.item_id for item in found]
    if st.session_state.get(ITEM) not in ids:
        _open(ids[0])
    place = ids.index(st.session_state[ITEM])
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _step("Previous", ":material/chevron_left:", ids[place - 1], disabled=place == 0)
        following = ids[min(place + 1, len(ids) - 1)]
        _step("Next", ":material/chevron_right:", following, disabled=place + 1 == len(ids))
        st.markdown(f"**{place + 1:,}** of {len(ids):,}")
    questions = {item.item_id: item.question for item in found}
    # A key of its own for each item opened, and no callback: a press right after "Next" still
    # carries the list as it stood before, which must not be taken for a choice.
    chosen = st.selectbox(
        "Question", ids, index=place, format_func=questions.__getitem__,
        key=f"browse.question_{st.session_state.get(_OPENED, 0)}", label_visibility="collapsed",
    )  # fmt: skip
    if chosen != ids[place]:
        _open(chosen)
        st.rerun()
    st.query_params[LINK] = ids[place]
    st.session_state[_FOLLOWED] = True
    return found[place]


def read(item: Item) -> None:
    """An item with where it stands in the hierarchy and who wrote it."""
    levels = [as_text(value) for level in _LEVELS if (value := getattr(item, level))]
    st.markdown(" › ".join(levels) or "Nothing is known of its occupation.")
    if item.features:
        st.caption("Features: " + ", ".join(as_text(feature) for feature in item.features))
    for message in item.messages:
        _turn(message)
    origin = item.origin
    made = [f"Id {item.item_id}", origin.source_model, origin.prompt_version, origin.made_at]
    st.caption(" · ".join(as_text(part) for part in made if part))


def rate(item: Item) -> None:
    """Three scales for one item, and a button that stores them."""
    rater = st.text_input(
        "Your name or initials",
        key="browse.rater",
        max_chars=MOST_NAME,
        persist_state="session",
    ).strip()
    before = store().of(rater, item.item_id) if rater else None
    given = {scale: _scale(scale, item, before) for scale in SCALES}
    ready = bool(rater) and all(given.values())
    pressed = st.button(
        "Save rating", key="browse.save", type="primary", disabled=not ready,
        icon=":material/star:",
    )  # fmt: skip
    if pressed:
        store().put(Rating(rater, item.item_id, **{k: int(v or 0) for k, v in given.items()}))
        st.toast("Rating saved", icon=":material/check:")
    elif before:
        st.caption(f"You rated this on {before.rated_at[:10]}; saving again replaces it.")
    elif not rater:
        st.caption("A name keeps one rating for each reader and item.")


def export() -> None:
    """Every rating stored in this installation, as a file."""
    ratings = store().all()
    st.download_button(
        f"Export ratings ({len(ratings):,})",
        as_csv(ratings),
        "occuscope-ratings.csv",
        "text/csv",
        key="browse.export",
        icon=":material/download:",
        on_click="ignore",
        disabled=not ratings,
        help="Every rating stored in this installation, with its rater's name.",
    )


def store() -> RatingStore:
    """Where ratings are kept."""
    return RatingStore(data_folder() / "ratings.sqlite3")


def _scale(scale: str, item: Item, before: Rating | None) -> int | None:
    """One scale; a rating that was stored before is shown until the reader gives another."""
    key = f"browse.{scale}_{item.item_id}"
    if before and st.session_state.get(key) is None:
        st.session_state[key] = getattr(before, scale)
    return st.segmented_control(
        scale.capitalize(), range(LOWEST, HIGHEST + 1), key=key, help=_ABOUT[scale]
    )


def _turn(message: Message) -> None:
    if message.role is Role.SYSTEM:
        with st.expander("System message"):
            written(message.content)
        return
    asked = message.role is Role.USER
    icon = ":material/person:" if asked else ":material/forum:"
    with st.chat_message("user" if asked else "assistant", avatar=icon):
        written(message.content)


def _step(name: str, icon: str, item_id: str, *, disabled: bool) -> None:
    key = f"browse.{name.lower()}"
    st.button(name, key=key, icon=icon, disabled=disabled, on_click=_open, args=(item_id,))


def _open(item_id: str) -> None:
    st.session_state[ITEM] = item_id
    st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1


def _all_text(item: Item) -> str:
    known = (getattr(item, level) or "" for level in _LEVELS)
    return "\n".join((*known, *(message.content for message in item.messages))).casefold()
