"""The resume: wording, and where the prompt ends."""

from hypothesis import given

from occu_core.careers import CareerHistory, Education, JobRecord, Query, RaceEthnicity, Region, Sex
from occu_core.templates import END, TextTemplate
from tests.careers_at_random import TOY, careers


def test_a_whole_resume_word_by_word():
    career = CareerHistory(
        "w",
        (
            JobRecord(1984, TOY["1"], Education.SOME_COLLEGE),
            JobRecord(1985, TOY["NW"]),
        ),
        dataset="NLSY79",
        birth_year=1963,
        sex=Sex.FEMALE,
        race_ethnicity=RaceEthnicity.BLACK,
        region=Region.SOUTH,
    )
    assert TextTemplate().resume(career) == (
        "<A worker from the NLSY79 dataset>\n"
        "The following information is available about the work history of a female Black US"
        " worker residing in the South region.\n"
        "The worker was born in 1963.\n"
        "The worker has the following records of work experience, one entry per line, including"
        " year, education level, and the job title:\n"
        "1984 (some college): Cooks\n"
        "1985 (education unknown): Not working\n"
        "<END OF DATA>"
    )


def test_what_is_unknown_is_left_out_of_the_sentence():
    assert TextTemplate().header(CareerHistory("w")).splitlines()[:3] == [
        "<A worker from a survey dataset>",
        "The following information is available about the work history of a US worker.",
        "The worker's birth year is not known.",
    ]


@given(careers())
def test_every_prompt_and_its_answer_begin_the_resume(career):
    for template in (TextTemplate(), TextTemplate(coded=True)):
        resume = template.resume(career)
        for t in career.transitions():
            beginning = template.prompt(t.query) + template.completion(t.outcome)
            assert resume.startswith(beginning)
        assert resume.endswith(END)


@given(careers())
def test_a_prompt_ends_at_the_colon_and_the_answer_brings_its_space_and_line_end(career):
    template = TextTemplate()
    for t in career.transitions():
        assert template.prompt(t.query).endswith(":")
        assert template.completion(t.outcome) == f" {t.outcome.title}\n"


def test_coded_titles_replace_the_words():
    query = Query(CareerHistory("w", (JobRecord(1984, TOY["3"]),)), 1985)
    assert (
        TextTemplate(coded=True)
        .prompt(query)
        .endswith("1984 (education unknown): 3\n1985 (education unknown):")
    )
