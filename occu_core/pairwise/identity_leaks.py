"""Answers that say who wrote them: blind comparison ends where one reads "As Vicuna, …"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from occu_core.pairwise.studies import Response, StudyQuestion

_ASSISTANTS = (
    *("chat ?gpt", r"gpt-?[2-9](?:\.\d)?(?:-?turbo|o)?", "instructgpt", "claude", "gemini", "bard"),
    *("llama(?:-?[1-9])?", "vicuna", "alpaca", "t[uü]lu", "mi[sx]tral", "qwen", "tongyi qianwen"),
    *("deepseek", "falcon", "koala", "dolly", "open ?assistant", "phi-?[1-9]", "grok", "cohere"),
    *("command[- ]r", "palm(?: 2)?", "wizardlm", "zephyr", "stablelm", "baichuan", "chatglm"),
    *("copilot", "bing chat", "pandalm", "occut", "gemma", "kimi", "ernie bot", "nemotron"),
)
_MAKERS = (
    *("openai", "anthropic", "google(?: deepmind| ai)?", "deepmind", "meta(?: ai)?", "microsoft"),
    *("mistral(?: ai)?", "alibaba(?: cloud)?", "deepseek", "xai", "cohere", "hugging ?face"),
    *("lmsys(?: org)?", "stability ai", "baidu", "ai2", "allen institute for ai", "laion"),
)
_QUALIFIED = r"(?:an? |the )?(?:ai |artificial intelligence )?(?:large )?(?:language )?"
_NOUN = r"(?:(?:model|assistant|chat ?bot)[, ]*)?(?:(?:called|named|known as) )?[\"“'*_]{0,3}"
_SELF = r"\b(?:as|i am|i['’]m|my name is|call me|this is|i, )\s*" + _QUALIFIED + _NOUN
_SELF_NAMED = re.compile(rf"{_SELF}(?:{'|'.join(_ASSISTANTS)})\b", re.IGNORECASE)
_MADE = re.compile(
    r"\b(?:i was|i have been|i['’]ve been|i['’]m|i am|model|assistant|chat ?bot)\b"
    r"[^.!?\n]{0,60}?"
    r"\b(?:trained|developed|created|made|built|designed|provided)\b (?:and \w+ )?by (?:the )?"
    rf"(?:team at )?(?:{'|'.join(_MAKERS)})\b",
    re.IGNORECASE,
)
# Systems called by a word that stands in answers anyway are told by how they name themselves only.
_ORDINARY = frozenset(
    (
        *("a", "answer", "assistant", "b", "bad", "base", "baseline", "best", "brief", "c", "chat"),
        *("candidate", "concise", "control", "default", "detailed", "expert", "first", "full"),
        *("general", "gold", "good", "human", "large", "long", "medium", "mini", "model", "new"),
        *("old", "one", "person", "plain", "professional", "reference", "response", "second"),
        *("short", "simple", "small", "specific", "student", "system", "target", "teacher", "test"),
        *("two", "vague", "worker", "writer"),
    )
)
_AROUND = 40


@dataclass(frozen=True, slots=True)
class Leak:
    """An answer that gives away its system.

    Attributes:
        place: the file and row, where known.
        found: the words that give it away.
        excerpt: the same with what stands around.
    """

    place: str
    question_id: str
    system: str
    found: str
    excerpt: str

    def __str__(self) -> str:
        where = self.place or f"question {self.question_id}"
        return f"{where}: the answer of {self.system} says {self.found!r}: {self.excerpt}"


def find_leaks(questions: Iterable[StudyQuestion]) -> tuple[Leak, ...]:
    """Every answer that gives away its system, by its first such words.

    >>> from occu_core.pairwise.studies import Response, StudyQuestion
    >>> answers = (Response("s1", "As Vicuna, I cannot."), Response("s2", "As a nurse, I can."))
    >>> [leak.found for leak in find_leaks([StudyQuestion("q", "?", answers)])]
    ['As Vicuna']
    """
    return tuple(leak for question in questions for leak in _in_question(question))


def _in_question(question: StudyQuestion) -> Iterator[Leak]:
    for response in question.responses:
        if match := _first_match(response):
            yield Leak(
                response.place or question.place,
                question.question_id,
                response.system,
                match.group(),
                _excerpt(response.text, match),
            )


def _first_match(response: Response) -> re.Match[str] | None:
    patterns = (_SELF_NAMED, _MADE, _own_name(response.system))
    found = [match for pattern in patterns if (match := pattern.search(response.text))]
    return min(found, key=lambda match: match.start(), default=None)


@cache
def _own_name(system: str) -> re.Pattern[str]:
    """The system's name as a word of its own, however its parts are joined.

    >>> bool(_own_name("occu-t_7b").search("Hello from Occu T 7B!"))
    True
    """
    parts = re.findall(r"[^\W_]+", system)
    name = r"[\W_]{0,3}".join(map(re.escape, parts)) or r"(?!)"
    naming = _SELF if " ".join(parts).casefold() in _ORDINARY else ""
    ends = r"(?=\s*(?:[,.!:]|$))" if naming else r"(?!\w)"
    return re.compile(rf"{naming}(?<!\w){name}{ends}", re.IGNORECASE)


def _excerpt(text: str, match: re.Match[str]) -> str:
    low, high = max(0, match.start() - _AROUND), min(len(text), match.end() + _AROUND)
    cut = " ".join(text[low:high].split())
    return f"{'…' if low else ''}{cut}{'…' if high < len(text) else ''}"
