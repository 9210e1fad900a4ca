"""Turn a survey's own files into a career table, or a career table into CAREER's files.

    python -m train.prepare_careers nlsy97 --variables
    python -m train.prepare_careers nlsy97 extract.csv --out runs/nlsy97.csv.gz

`--variables` lists what to tick before an extract is downloaded. Workers are put into train, valid
and test by blocks of neighbouring ids: 20 for the NLSY, a family of 1968 for PSID. If `--out` ends
in neither .csv nor .csv.gz it is a folder, and CAREER's files are written to it. Seconds.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from occu_core.data.career_files import read_career_files, write_career_files
from occu_core.data.career_writing import write_career_table
from occu_core.data.crosswalks import load_crosswalk
from occu_core.data.files import load_career_table
from occu_core.data.nls import load_nls_extract
from occu_core.data.nls_cohorts import NLSY79, NLSY97
from occu_core.data.psid_shelf import BLOCK, VARIABLES, load_psid_shelf
from occu_core.data.splits import split_by_blocks
from occu_core.data.survey import SurveyReading, SurveyVariable


class Source(StrEnum):
    """What the input is."""

    NLSY79 = "nlsy79"
    NLSY97 = "nlsy97"
    PSID = "psid"
    CAREER_FILES = "career_files"
    TABLE = "table"


COHORTS = {Source.NLSY79: NLSY79, Source.NLSY97: NLSY97}


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """What can vary from run to run."""

    source: Source
    """What the input is."""

    path: Path
    """An NLS extract, PSID-SHELF's long file, a folder of CAREER's files, or a career table."""

    out: Path
    """A career table (.csv, .csv.gz), or a folder for CAREER's files."""

    listing: Path | None = None
    """The .sdf of an NLS extract; by default the only one beside it."""

    crosswalk: Path | None = None
    """Columns scheme, code, occ1990dd; by default the shipped table."""

    seed: int = 1
    """Of the split."""

    train: float = 0.7
    """Share of blocks in train."""

    valid: float = 0.1
    """Share of blocks in valid; the rest is test."""

    first_year: int | None = None
    """Year of everyone's first record, for CAREER's files without years."""

    dataset: str | None = None
    """The survey's name, for CAREER's files that do not tell it."""


def main(settings: PrepareSettings) -> None:
    """Read, split, write, and say what was left out."""
    # Read
    reading = read_source(settings)
    for line in reading.unknown_codes:
        print(f"no codable occupation: {line}")

    # Split
    table = split_by_blocks(
        reading.table,
        block=BLOCK if settings.source is Source.PSID else 20,
        seed=settings.seed,
        train=settings.train,
        valid=settings.valid,
    )
    records = sum(len(career.records) for career in table.careers)
    without = sum(not career.records for career in table.careers)
    print(f"{records:,} person-years; {table.skipped:,} more have no codable occupation")
    print(f"{len(table.careers) - without:,} workers; {without:,} more have no record at all")
    print("workers by split:", dict(Counter(str(split) for split in table.splits)))

    # Write
    if settings.out.name.endswith((".csv", ".csv.gz")):
        write_career_table(table, settings.out)
    else:
        write_career_files(table, settings.out)
    print(f"wrote {settings.out}")


def read_source(settings: PrepareSettings) -> SurveyReading:
    """The careers of the input, and the census codes that the crosswalk does not list."""
    if settings.source is Source.TABLE:
        return SurveyReading(load_career_table(settings.path), ())
    if settings.source is Source.CAREER_FILES:
        table = read_career_files(
            settings.path, first_year=settings.first_year, dataset=settings.dataset
        )
        return SurveyReading(table, ())
    crosswalk = load_crosswalk(settings.crosswalk)
    if settings.source is Source.PSID:
        return load_psid_shelf(settings.path, crosswalk)
    return load_nls_extract(COHORTS[settings.source], settings.path, crosswalk, settings.listing)


def variables(source: Source) -> tuple[SurveyVariable, ...]:
    """What to tick for a source; nothing for files that come whole."""
    if source in COHORTS:
        return COHORTS[source].variables
    return VARIABLES if source is Source.PSID else ()


def show_variables(source: Source) -> None:
    """Print each variable with its meaning and years; `*` stands for any ending."""
    for variable in variables(source):
        needed = "needed" if variable.needed else ""
        print(f"{variable.name:27} {variable.meaning:48} {variable.years:14} {needed}".rstrip())
    if not variables(source):
        print(f"{source.value}: nothing to tick; see the head of occu_core/data/career_files.py")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", choices=[source.value for source in Source])
    parser.add_argument("path", type=Path, nargs="?", help="the survey's file or folder")
    parser.add_argument("--variables", action="store_true", help="list what to tick, and stop")
    parser.add_argument("--out", type=Path, help="a .csv or .csv.gz table, or a folder")
    parser.add_argument("--listing", type=Path, help="the .sdf of an NLS extract")
    parser.add_argument("--crosswalk", type=Path, help="columns scheme, code, occ1990dd")
    parser.add_argument("--seed", type=int, default=1, help="of the split")
    parser.add_argument("--train", type=float, default=0.7, help="share of blocks")
    parser.add_argument("--valid", type=float, default=0.1, help="share of blocks; test: the rest")
    parser.add_argument("--first-year", type=int, help="for CAREER's files without years")
    parser.add_argument("--dataset", help="name, for CAREER's files that do not tell it")
    given = vars(parser.parse_args())
    given["source"] = Source(given["source"])
    if given.pop("variables"):
        show_variables(given["source"])
    elif given["path"] is None or given["out"] is None:
        parser.error("a path and --out are needed, or --variables")
    else:
        try:
            main(PrepareSettings(**given))
        except ValueError as error:
            raise SystemExit(str(error)) from None
