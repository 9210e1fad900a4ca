"""Write what SOC, O*NET and Census 2018 codes stand for: their titles and occ1990dd occupations.

python -m train.make_code_lists

Writes `assets/taxonomies/soc_to_occ1990dd.csv`. Where a code stands for several occupations, the
one with more person-years in NLSY79 and NLSY97 is first. Codes and titles are facts; the person-
years are counts. Military codes have the target 905, as in the census crosswalk.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.data.crosswalks import OUTSIDE
from train.soc_categories import DATA, read_rows

COLUMNS = ("scheme", "code", "title", "occ1990dd")
MILITARY = "905"


def main(out: Path) -> None:
    """Gather each scheme's codes and write them in order."""
    onet, seen = read_rows("onet_to_occ1990dd.csv"), person_years()
    titles = {
        row["code"].zfill(4): row["title"]
        for row in read_rows("census_titles.csv")
        if row["scheme"] == "census2018"
    }
    listed = [("onet2019", row["onet"], row["onet_title"], row["occ1990dd"]) for row in onet]
    listed += [("soc2018", row["soc2018"], row["soc_title"], row["occ1990dd"]) for row in onet]
    listed += [
        ("census2018", code, titles.get(code, ""), row["occ1990dd"])
        for row in onet
        for code in row["census2018"].split("|")
        if code
    ]
    rows = merged(listed, seen)
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    several = sum("|" in row[3] for row in rows)
    print(f"{out}: {len(rows)} codes, {several} of them of several occupations")


def merged(
    listed: Iterable[tuple[str, str, str, str]], seen: Mapping[str, int]
) -> list[tuple[str, str, str, str]]:
    """One row for each scheme and code, its candidates gathered, the most common first."""
    titles: dict[tuple[str, str], str] = {}
    candidates: dict[tuple[str, str], set[str]] = {}
    for scheme, code, title, targets in listed:
        titles.setdefault((scheme, code), title)
        found = candidates.setdefault((scheme, code), set())
        found |= set(filter(None, targets.split("|")))
        if is_military(scheme, code):
            found.add(MILITARY)
    rows = []
    for (scheme, code), found in sorted(candidates.items()):
        jobs = sorted(found - OUTSIDE, key=lambda one: (-seen.get(one, 0), int(one)))
        rows.append((scheme, code, titles[scheme, code], "|".join(jobs or sorted(found))))
    return rows


def is_military(scheme: str, code: str) -> bool:
    """SOC's major group 55 and the last of the census's codes."""
    return code >= "9800" if scheme == "census2018" else code.startswith("55-")


def person_years() -> dict[str, int]:
    """How often each occupation occurs in the two cohorts."""
    path = DATA.parent / "careers" / "occupations_seen.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["occ1990dd"]: int(row["person_years"]) for row in csv.DictReader(file)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = asset_path("taxonomies", "soc_to_occ1990dd.csv")
    parser.add_argument("--out", type=Path, default=default)
    main(parser.parse_args().out)
