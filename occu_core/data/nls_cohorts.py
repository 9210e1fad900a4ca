"""NLSY79 and NLSY97: the variables to tick in NLS Investigator, and what their codes mean.

Question names and codes follow the two cohorts' public codebooks (nlsinfo.org). NLSY97's are
tested on made-up rows in that layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from occu_core.careers import Education, RaceEthnicity, Region, Sex
from occu_core.data.crosswalks import CensusScheme
from occu_core.data.survey import Role, SurveyVariable

SEXES: Mapping[int, Sex | None] = {0: None, 1: Sex.MALE, 2: Sex.FEMALE}
REGIONS = {1: Region.NORTHEAST, 2: Region.MIDWEST, 3: Region.SOUTH, 4: Region.WEST}
LATEST = 9999


@dataclass(frozen=True, slots=True)
class NlsCohort:
    """One cohort: its variables and codes. `degrees` None: education is a highest grade.

    `enrolled` are the enrolment codes of students. A week of the event history is at work if its
    code is in `at_work` or is an employer's, from `employers_from` up; code 0 says nothing.
    """

    dataset: str
    variables: tuple[SurveyVariable, ...]
    births: tuple[int, int]
    born_after: int
    race_ethnicities: Mapping[int, RaceEthnicity]
    degrees: Mapping[int, Education] | None
    enrolled: Mapping[int, bool]
    at_work: frozenset[int]
    employers_from: int


NLSY79 = NlsCohort(
    dataset="NLSY79",
    variables=(
        SurveyVariable(Role.PERSON, "CASEID", "identification code (R00001.00)", "1979", True),
        SurveyVariable(Role.BIRTH_YEAR, "Q1-3_A~Y", "date of birth, year (R00005.00)", "1979"),
        SurveyVariable(Role.SEX, "SAMPLE_SEX", "sex (R02148.00)", "1979"),
        SurveyVariable(
            Role.RACE_ETHNICITY, "SAMPLE_RACE", "racial/ethnic cohort (R02147.00)", "screener"
        ),
        SurveyVariable(
            Role.REGION, "REGION", "region of current residence (R02164.00 in 1979)", "any"
        ),
        SurveyVariable(Role.EDUCATION, "HGCREV*", "highest grade completed, May 1", "all"),
        SurveyVariable(Role.ENROLMENT, "ENROLLMTREV*", "enrolment status, May 1", "1979-2006"),
        SurveyVariable(
            Role.OCCUPATION,
            *("CPSOCC80*", "current or most recent job, census 1980", "1982-2000"),
            schemes=((LATEST, CensusScheme.CENSUS_1980),),
        ),
        SurveyVariable(
            Role.OCCUPATION,
            *("CPSOCC70", "current or most recent job, census 1970", "1979-1993"),
            schemes=((LATEST, CensusScheme.CENSUS_1970),),
        ),
        SurveyVariable(
            Role.OCCUPATION,
            *("OCCALL-EMP.01", "job 1, census 1970 to 2000 and 2000 after", "1994 on"),
            schemes=(
                (2000, CensusScheme.CENSUS_1970),
                (2002, CensusScheme.CENSUS_2000),
                (LATEST, CensusScheme.CENSUS_2000_FOUR_DIGITS),
            ),
        ),
        SurveyVariable(Role.EMPLOYMENT, "STATUS_WK_NUM*", "labor force status by week", "1978 on"),
    ),
    births=(1957, 1964),
    born_after=1900,
    race_ethnicities={1: RaceEthnicity.HISPANIC, 2: RaceEthnicity.BLACK, 3: RaceEthnicity.NEITHER},
    degrees=None,
    enrolled={1: False, 2: True, 3: True, 4: False},
    at_work=frozenset({3, 7}),
    employers_from=100,
)

NLSY97 = NlsCohort(
    dataset="NLSY97",
    variables=(
        SurveyVariable(Role.PERSON, "PUBID", "youth identification code (R00001.00)", "1997", True),
        SurveyVariable(Role.BIRTH_YEAR, "KEY!BDATE_Y", "birth date, year (R05364.02)", "1997"),
        SurveyVariable(Role.SEX, "KEY!SEX", "sex (R05363.00)", "1997"),
        SurveyVariable(
            Role.RACE_ETHNICITY, "KEY!RACE_ETHNICITY", "race/ethnicity (R14826.00)", "1997"
        ),
        SurveyVariable(Role.REGION, "CV_CENSUS_REGION", "census region of residence", "all"),
        SurveyVariable(
            Role.EDUCATION, "CV_HIGHEST_DEGREE_EVER_EDT", "highest degree, edited", "all"
        ),
        SurveyVariable(Role.EDUCATION, "CV_HIGHEST_DEGREE_EVER", "highest degree", "where no EDT"),
        SurveyVariable(
            Role.EDUCATION, "CV_HIGHEST_DEGREE_[0-9]*", "highest degree of a year", "where no EVER"
        ),
        SurveyVariable(Role.ENROLMENT, "CV_ENROLLSTAT_EDT", "enrolment status, edited", "all"),
        SurveyVariable(Role.ENROLMENT, "CV_ENROLLSTAT", "enrolment status", "where no EDT"),
        SurveyVariable(
            Role.MAIN_JOB, "CV_MAINJOB_FLG", "which job is current or most recent", "all"
        ),
        SurveyVariable(
            Role.OCCUPATION,
            *("YEMP_OCCODE-2002.*", "occupation of each job, census 2002", "all"),
            schemes=((LATEST, CensusScheme.CENSUS_2000_FOUR_DIGITS),),
        ),
        SurveyVariable(Role.EMPLOYMENT, "EMP_STATUS_*", "employment status by week", "all"),
    ),
    births=(1980, 1984),
    born_after=0,
    race_ethnicities={
        1: RaceEthnicity.BLACK,
        2: RaceEthnicity.HISPANIC,
        3: RaceEthnicity.NEITHER,
        4: RaceEthnicity.NEITHER,
    },
    degrees={
        0: Education.LESS_THAN_HIGH_SCHOOL,
        1: Education.HIGH_SCHOOL,
        2: Education.HIGH_SCHOOL,
        3: Education.SOME_COLLEGE,
        4: Education.BACHELORS,
        5: Education.GRADUATE,
        6: Education.GRADUATE,
        7: Education.GRADUATE,
    },
    enrolled={code: code >= 8 for code in range(1, 12)},
    at_work=frozenset({3, 6}),
    employers_from=9701,
)
