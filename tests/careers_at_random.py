"""Careers drawn at random for tests that hold for any career."""

from hypothesis import strategies as st

from occu_core.careers import CareerHistory, Education, JobRecord, RaceEthnicity, Region, Sex
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy

# "Cooks" begins "Cooks, head": only the line end tells them apart.
TOY = Taxonomy(
    "toy",
    (
        Occupation("1", "Cooks", "Food"),
        Occupation("2", "Cooks, head", "Food"),
        Occupation("3", "Carpenters", "Construction"),
        Occupation("4", "Actors", "Arts"),
        Occupation(NOT_WORKING, "Not working", "Not employed"),
        Occupation(STUDENT, "Student", "Not employed"),
    ),
)


@st.composite
def careers(draw, taxonomy=TOY, most_records=8):
    """Any career over a taxonomy, with any covariates known or unknown."""
    years = sorted(draw(st.sets(st.integers(1975, 2022), max_size=most_records)))
    maybe = lambda values: st.none() | st.sampled_from(list(values))  # noqa: E731
    records = tuple(
        JobRecord(year, draw(st.sampled_from(taxonomy.occupations)), draw(maybe(Education)))
        for year in years
    )
    return CareerHistory(
        "w",
        records,
        dataset=draw(maybe(["NLSY79", "NLSY97", "PSID"])),
        birth_year=draw(st.none() | st.integers(1950, 1974)),
        sex=draw(maybe(Sex)),
        race_ethnicity=draw(maybe(RaceEthnicity)),
        region=draw(maybe(Region)),
    )
