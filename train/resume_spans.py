"""Where the titles stand in the tokens of a whole resume, for any tokenizer.

A tokenizer that never joins header, cues and answers gives each answer its own tokens. For any
other, the resume is tokenised whole and an answer's tokens are found by their characters: from
where exact scoring begins, which is where the tokens of some title differ from those of the
question alone (see `occu_core.models.tokens`), to the last token that begins before the answer's
line end. A token that joins a line end to the next year thereby belongs to the answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.models.tokens import ResumeTokenizer, ResumeTokens
from occu_core.occupations import Taxonomy
from occu_core.templates import END

_YEAR = 2000


class ResumeReader:
    """Careers in tokens with the spans of their titles; `to_end` reads the closing mark too."""

    def __init__(self, tokens: ResumeTokenizer, taxonomy: Taxonomy, *, to_end: bool) -> None:
        self.tokens = tokens
        self.to_end = to_end
        self._taxonomy = taxonomy
        self._reach = {
            education: 0 if tokens.separable is not None else self._find_reach(education)
            for education in (*Education, None)
        }

    def read(self, career: CareerHistory) -> ResumeTokens:
        """A career's resume, its answers as half-open spans of tokens."""
        if not self.to_end and (resume := self.tokens.resume(career)) is not None:
            return resume
        return self.by_characters(career)

    def by_characters(self, career: CareerHistory) -> ResumeTokens:
        """The rule for any tokenizer."""
        template = self.tokens.template
        text, spans = template.header(career), []
        for record, (cue, answer) in zip(career.records, template.lines(career), strict=True):
            start = len(text) + len(cue) - self._reach[record.education]
            text += cue + answer
            spans.append((start, len(text)))
        text += END if self.to_end else ""
        tokens = self.tokens.encode(text)
        starts, ends = self._characters(text)
        lead = len(tokens) - len(ends)
        return ResumeTokens(
            tokens,
            tuple(
                (lead + bisect_right(ends, first), lead + bisect_left(starts, last))
                for first, last in spans
            ),
        )

    def _characters(self, text: str) -> tuple[list[int], list[int]]:
        """Where each token begins and ends in a text, a leading mark left out."""
        tokenizer = self.tokens.tokenizer
        if not tokenizer.is_fast:
            raise SystemExit(
                f"{tokenizer.name_or_path}: this tokenizer cannot say where its tokens stand;"
                " use a base with a tokenizer.json"
            )
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        starts, ends = zip(*found["offset_mapping"], strict=True)
        return list(starts), list(ends)

    def _find_reach(self, education: Education | None) -> int:
        """How many characters before an answer some title's tokens begin to differ."""
        first = JobRecord(_YEAR, self._taxonomy.occupations[0], education)
        query = Query(CareerHistory("", (first,)), _YEAR + 1, education)
        prompt = self.tokens.template.prompt(query)
        _, ends = self._characters(prompt)
        lead = len(self.tokens.encode(prompt)) - len(ends)
        shared = len(self.tokens.split(query).context) - lead
        return len(prompt) - (ends[shared - 1] if shared > 0 else 0)
