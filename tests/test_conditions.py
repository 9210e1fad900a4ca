"""What experiments change about the data."""

import gzip

import pytest

from occu_core.careers import CareerHistory, JobRecord
from occu_core.occupations import occ1990dd
from train.conditions import Titles, part_of, permuted, synonyms, template_for, until

COOK = occ1990dd().find("Cooks")
WORKERS = [CareerHistory(str(k), (JobRecord(2000 + k % 9, COOK),), dataset="X") for k in range(999)]


@pytest.fixture
def index(tmp_path):
    path = tmp_path / "index.csv.gz"
    rows = [f"Fry person,,x,1,{COOK.code}", f"Hand,,x,1,{COOK.code}", "Hand,,x,2,801", ""]
    path.write_bytes(gzip.compress("\n".join(["title,i,s,c,occ1990dd", *rows]).encode()))
    return path


def test_permuted_titles_are_the_same_words_and_none_stands_at_its_place():
    found = permuted(occ1990dd(), seed=1)
    assert sorted(found.values()) == sorted(o.title for o in occ1990dd())
    assert all(found[o.code] != o.title for o in occ1990dd())


def test_a_synonym_stands_for_one_occupation_only(index):
    assert synonyms(occ1990dd(), index) == {COOK.code: "Fry person"}  # "Hand" has two meanings


@pytest.mark.parametrize(
    ("way", "written"),
    [
        (Titles.NATURAL, " Cooks\n"),
        (Titles.NUMERIC, f" {COOK.code}\n"),
        (Titles.SYNONYMS, " Fry person\n"),
    ],
)
def test_titles_are_written_in_the_way_asked_for(index, way, written):
    assert template_for(way, occ1990dd(), index).completion(COOK) == written


def test_a_smaller_share_lies_within_a_larger_and_keeps_blocks_whole():
    small, large = part_of(WORKERS, 0.2, 1), part_of(WORKERS, 0.5, 1)
    assert 0 < len(small) < len(large) < len(WORKERS)
    assert {w.worker_id for w in small} <= {w.worker_id for w in large}
    blocks = {int(w.worker_id) // 20 for w in small}
    assert len(small) == sum(int(w.worker_id) // 20 in blocks for w in WORKERS)
    assert part_of(WORKERS, 1.0, 1) == WORKERS
    assert part_of(WORKERS, 0.0, 1) == []


def test_nothing_after_the_last_year_is_known():
    known = until(WORKERS, 2003)
    assert {career.records[-1].year for career in known} == {2000, 2001, 2002, 2003}
