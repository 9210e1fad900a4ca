"""What datasets and models wrote, shown with its paragraphs, lists and code, and nothing live."""

from __future__ import annotations

import re
from collections.abc import Iterator

import streamlit as st

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^`\n]*\n(.*?)(?:^ {0,3}\1[`~]* *$|\Z)", re.M | re.S)
_CODE = re.compile(r"(?<!`)`[^`\n\\<>\[\]!$:&~@]+`(?!`)")
_LIVE = re.compile(r"([\\`<>\[\]!$:&~@])")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)[ #]*$", re.M)
_QUOTE = re.compile(r"^( {0,3})\\> ?", re.M)
_WORD_JOINER = "\u2060"
_ADDRESS = re.compile(
    r"(?<=\bhttp)(?=\\:)|(?<=\bhttps)(?=\\:)|(?<=\bwww)(?=\.)|(?<=@)|(?<=:)(?=[\w+/-]+\\:)", re.I
)


def written(text: str) -> None:
    """Show text as its writer laid it out; code stands apart."""
    for is_code, part in parts(text):
        if is_code:
            st.code(part, language=None, wrap_lines=True)
        elif part.strip():
            st.markdown(inert(part))


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """The text cut at its fenced code; whether a part is code, and the part without its fence."""
    end = 0
    for fence in _FENCE.finditer(text):
        yield False, text[end : fence.start()]
        yield True, fence[2].rstrip("\n")
        end = fence.end()
    yield False, text[end:]


def inert(text: str) -> str:
    r"""Markdown that keeps emphasis, lists, tables and headings (as bold lines), and no more.

    No tag, image, link, icon, formula or address in it works: their characters are escaped, and a
    word joiner parts addresses and names of icons, which would work although they are escaped.

    >>> inert("# *Hi* <b>[x](y)")
    '**\\*Hi\\* \\<b\\>\\[x\\](y)**'
    """
    kept: list[str] = []

    def keep(code: re.Match[str]) -> str:
        kept.append(code[0])
        return f"\0{len(kept) - 1}\0"

    marked = _CODE.sub(keep, text.replace("\0", ""))
    safe = _QUOTE.sub(r"\1> ", _LIVE.sub(r"\\\1", marked))
    safe = _HEADING.sub(lambda line: f"**{line[1].replace('*', chr(92) + '*')}**", safe)
    safe = _ADDRESS.sub(_WORD_JOINER, safe)
    return re.sub("\0(\\d+)\0", lambda place: kept[int(place[1])], safe)
