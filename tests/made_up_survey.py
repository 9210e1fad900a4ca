"""A small career table of invented workers, for scripts that train."""

import csv
import random

from occu_core.careers import Education
from occu_core.occupations import occ1990dd


def write_survey(path, workers=24, records=5, seed=1):
    """Invented workers who mostly stay in one of a few occupations; every fourth is in valid."""
    rng = random.Random(seed)
    titles = [occupation.title for occupation in list(occ1990dd())[:6]]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["dataset", "person_id", "year", "occupation", "education", "birth_year", "split"]
        )
        for worker in range(workers):
            title = rng.choice(titles)
            for year in range(2000, 2000 + rng.randint(2, records)):
                title = rng.choice(titles) if rng.random() < 0.3 else title
                education = rng.choice(list(Education)).value
                split = "valid" if worker % 4 == 3 else "train"
                rows.writerow(["NLSY97", worker, year, title, education, 1981, split])
    return path
