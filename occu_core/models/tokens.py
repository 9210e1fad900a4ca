"""Where the question ends and the answer begins, in tokens.

A text is tokenised whole, then split: the context is what the tokens of the prompt share with the
tokens of every prompt-plus-answer. A tokenizer that merges across the boundary (": C" as one
token) thereby leaves the merged token to the answer, and nothing is counted twice or dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile

from transformers import PreTrainedTokenizerBase

from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.occupations import Taxonomy
from occu_core.templates import TextTemplate
from occu_core.titles import TitleTrie, Tokens


@dataclass(frozen=True, slots=True)
class TokenSplit:
    """One query in tokens: the context, and every answer as a path of a tree."""

    context: Tokens
    trie: TitleTrie


@dataclass(frozen=True, slots=True)
class ResumeTokens:
    """A whole career in tokens; `answers` are the half-open spans of its completions."""

    tokens: Tokens
    answers: tuple[tuple[int, int], ...]


class ResumeTokenizer:
    """A Hugging Face tokenizer that knows the template and the closed list of titles."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, template: TextTemplate, taxonomy: Taxonomy
    ) -> None:
        self.tokenizer = tokenizer
        self.template = template
        self.completions = [template.completion(occupation) for occupation in taxonomy]
        self._lead = _lead(tokenizer)
        self._encode_part = lru_cache(maxsize=20_000)(self._encode_plain)
        self._split_text = lru_cache(maxsize=64)(self._split_whole)
        self.separable = self._find_separable(taxonomy)

    @cached_property
    def titles(self) -> list[Tokens]:
        """Each title's completion in tokens, for a tokenizer that keeps records apart."""
        return [self._encode_plain(completion) for completion in self.completions]

    def encode(self, text: str) -> Tokens:
        """The tokens of a text as the model was trained to read it, a leading mark included."""
        return self._lead + self._encode_plain(text)

    def split(self, query: Query) -> TokenSplit:
        """The context and the tree of answers for one query."""
        prompt = self.template.prompt(query)
        if self.separable is None:
            return self._split_text(prompt)
        return TokenSplit(self.encode(prompt), self.separable)

    def resume(self, career: CareerHistory) -> ResumeTokens | None:
        """A career's header and records in tokens, for one pass over all its answers.

        None if tokens cross from one record to the next: then each answer needs its own pass.
        """
        if self.separable is None:
            return None
        tokens = list(self._lead + self._encode_part(self.template.header(career)))
        answers = []
        for cue, answer in self.template.lines(career):
            tokens += self._encode_part(cue)
            start = len(tokens)
            tokens += self._encode_part(answer)
            answers.append((start, len(tokens)))
        return ResumeTokens(tuple(tokens), tuple(answers))

    def _encode_plain(self, text: str) -> Tokens:
        return tuple(self.tokenizer.encode(text, add_special_tokens=False))

    def _split_whole(self, prompt: str) -> TokenSplit:
        """The general rule, for any tokenizer."""
        alone = self.encode(prompt)
        texts = [prompt + completion for completion in self.completions]
        plain = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        whole = [self._lead + tuple(ids) for ids in plain]
        shared = min(_shared(alone, tokens) for tokens in whole)
        return TokenSplit(alone[:shared], TitleTrie.build([tokens[shared:] for tokens in whole]))

    def _find_separable(self, taxonomy: Taxonomy) -> TitleTrie | None:
        """The one tree for all queries, where header, cues and answers never share a token.

        Checked on two careers that hold every title: their parts must add up to the whole.
        """
        apart = [self._encode_plain(completion) for completion in self.completions]
        for first, education in ((1950, Education.HIGH_SCHOOL), (1951, None)):
            career = CareerHistory("", (JobRecord(first, taxonomy.occupations[0], education),))
            prompt = self.template.prompt(Query(career, first + 1, education))
            cue, answer = self.template.lines(career)[0]
            parts = [self._encode_plain(t) for t in (self.template.header(career), cue, answer)]
            parts.append(self._encode_plain(self.template.cue(first + 1, education)))
            whole = [self.encode(prompt + completion) for completion in self.completions]
            joined = self._lead + tuple(token for part in parts for token in part)
            if whole != [joined + tokens for tokens in apart]:
                return None
            again = [self.encode(prompt + completion + cue) for completion in self.completions]
            if again != [joined + tokens + parts[1] for tokens in apart]:
                return None
        return TitleTrie.build(apart)


def _lead(tokenizer: PreTrainedTokenizerBase) -> Tokens:
    """What the tokenizer puts before every text, such as Llama's beginning-of-text mark."""
    plain = tokenizer.encode("a", add_special_tokens=False)
    marked = tokenizer.encode("a")
    for start in range(len(marked) - len(plain) + 1):
        if marked[start : start + len(plain)] == plain:
            return tuple(marked[:start])
    return ()


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts begin with in common."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return sum(1 for _ in same)
