"""Answers that decline to answer, told by the words they open with."""

from __future__ import annotations

import re

_OPENING = 300
"""Characters: later on, an answer may quote what somebody cannot do."""

_NOT = r"(?:can(?:no|['’])t|can not|unable|not able)"
_REFUSAL = re.compile(
    r"\b(?:"
    rf"i(?: am|['’]m) (?:very |so |really )?(?:sorry|afraid)\b[^.!?]{{0,40}}\b{_NOT}"
    r"|i (?:can(?:no|['’])t|can not|won['’]t|will not|must decline to) "
    r"(?:help|assist|answer|provide|give|offer|do|fulfil|fulfill|comply|discuss|support|advise)"
    r"|i(?: am|['’]m) (?:unable|not able|not allowed|not permitted|not qualified) to"
    rf"|(?:as|being) an? (?:ai|artificial)\b[^.!?]{{0,60}}\b{_NOT}"
    r")",
    re.IGNORECASE,
)


def is_refusal(answer: str) -> bool:
    """Whether an answer declines, in English; one without any words does.

    >>> is_refusal("I'm sorry, but I cannot help with that."), is_refusal("You cannot do it alone.")
    (True, False)
    """
    return not answer.strip() or _REFUSAL.search(answer[:_OPENING]) is not None
