"""Careers as text: the resume a language model reads and continues (LABOR-LLM).

The boundary between question and answer: a prompt stops right after the colon; the answer is a
space, the title and the line end. The space belongs to the title because most tokenizers glue a
leading space to the next word. The line end belongs to it because one title can begin another.
A text is tokenised whole and split afterwards: see `occu_core.models.tokens`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from occu_core.careers import CareerHistory, Education, Query
from occu_core.occupations import Occupation

END = "<END OF DATA>"
_INTRODUCTION = (
    "The worker has the following records of work experience, one entry per line,"
    " including year, education level, and the job title:"
)


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """Writes a career as a resume, one record per line.

    With `coded`, every title is replaced by its code: the paper's numeric-titles variant. Titles
    in `respelled`, by code, are written otherwise: an experiment's synonyms or permuted titles.
    `preamble` stands before every resume: the list of titles, or other resumes as examples.
    """

    coded: bool = False
    respelled: Mapping[str, str] = field(default_factory=dict, hash=False)
    preamble: str = ""

    def resume(self, career: CareerHistory) -> str:
        """The whole career, as the model sees it in training."""
        return "".join([self.header(career), *(a + b for a, b in self.lines(career)), END])

    def prompt(self, query: Query) -> str:
        """The resume cut off where the answer goes."""
        past = "".join(cue + answer for cue, answer in self.lines(query.past))
        return self.header(query.past) + past + self.cue(query.year, query.education)

    def completion(self, occupation: Occupation) -> str:
        """What must follow a prompt for the answer to be `occupation`."""
        title = self.respelled.get(occupation.code, occupation.title)
        return f" {occupation.code if self.coded else title}\n"

    def lines(self, career: CareerHistory) -> list[tuple[str, str]]:
        """Each record as its cue and its completion."""
        return [
            (self.cue(record.year, record.education), self.completion(record.occupation))
            for record in career.records
        ]

    def header(self, career: CareerHistory) -> str:
        """What is known of the worker, up to the first record; the unknown is left out.

        >>> print(TextTemplate().header(CareerHistory("w", birth_year=1963)).splitlines()[1])
        The following information is available about the work history of a US worker.
        """
        dataset = f"the {career.dataset}" if career.dataset else "a survey"
        worker = " ".join(filter(None, ["a", career.sex, career.race_ethnicity, "US worker"]))
        where = f" residing in the {career.region} region" if career.region else ""
        born = (
            f"The worker was born in {career.birth_year}."
            if career.birth_year
            else "The worker's birth year is not known."
        )
        return (
            f"{self.preamble}<A worker from {dataset} dataset>\n"
            f"The following information is available about the work history of {worker}{where}.\n"
            f"{born}\n{_INTRODUCTION}\n"
        )

    def cue(self, year: int, education: Education | None) -> str:
        """The beginning of a record, which asks for its title."""
        return f"{year} ({education or 'education unknown'}):"
