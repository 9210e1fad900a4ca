"""What balance is measured against: the categories, their occupations, and people at work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt


class Reference(StrEnum):
    """The spread over categories that a dataset's is compared with.

    Categories: each the same. Occupations: as many items as it has occupations. Employment: as
    many as people work in it in the US (OEWS, May 2024).
    """

    CATEGORIES = "categories"
    OCCUPATIONS = "occupations"
    EMPLOYMENT = "employment"


@dataclass(frozen=True, slots=True)
class Standard:
    """The closed lists that items are counted by.

    Attributes:
        categories: in the order of every vector.
        sizes: how many occupations each category has; one that is in two counts in both.
        employed: how many people work in each category.
        occupations: each occupation's name by its casefolded name.
        category_of: an occupation's category by its name; of one that is in two, the first.
    """

    categories: tuple[str, ...]
    sizes: tuple[int, ...]
    employed: tuple[float, ...]
    occupations: Mapping[str, str]
    category_of: Mapping[str, str]

    def shares(self, reference: Reference) -> npt.NDArray[np.float64]:
        """The reference's share of each category; they sum to one."""
        weights = {
            Reference.CATEGORIES: np.ones(len(self.categories)),
            Reference.OCCUPATIONS: np.asarray(self.sizes, np.float64),
            Reference.EMPLOYMENT: np.asarray(self.employed, np.float64),
        }[reference]
        return np.asarray(weights / weights.sum(), np.float64)


@cache
def standard() -> Standard:
    """The taxonomy's own lists."""
    from occu_core.occuquest.taxonomy import (  # the table is read only where it is needed
        categories,
        employment_by_category,
        occupations,
    )

    employed = employment_by_category()
    sizes = Counter(category for o in occupations() for category in o.categories)
    names = categories()
    return Standard(
        tuple(names),
        tuple(sizes[name] for name in names),
        tuple(float(employed.get(name, 0)) for name in names),
        {o.name.casefold(): o.name for o in occupations()},
        {o.name: o.categories[0] for o in occupations()},
    )
