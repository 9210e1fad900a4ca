"""What to say of matches: cautions in words, and JSON."""

from __future__ import annotations

from dataclasses import asdict

from occu_core.matching.column import ColumnCount
from occu_core.matching.matcher import Match, Sureness


def caution(match: Match) -> str | None:
    """Why the answer should not be trusted as it is; None where it can be."""
    if match.state is not None:
        return f"this reads like an answer without a job: {match.state.title}, not an occupation"
    if match.sureness is Sureness.SURE:
        return None
    unknown = ""
    if match.unknown_words:
        those = ", ".join(repr(word[:30]) for word in match.unknown_words[:5])
        unknown = f"; no title learned from has {those}"
    if match.sureness is Sureness.DOUBTFUL:
        return f"low confidence, it may be none of these{unknown}"
    return f"not sure: look at the alternatives{unknown}"


def in_json(match: Match) -> dict[str, object]:
    """A match for programs."""
    return {
        "title": match.title,
        "confidence": match.confidence,
        "sureness": match.sureness.value,
        "caution": caution(match),
        "unknown_words": list(match.unknown_words),
        "occupations": [
            {
                "code": one.occupation.code,
                "title": one.occupation.title,
                "probability": one.probability,
            }
            for one in match.ranked
        ],
    }


def column_in_json(count: ColumnCount) -> dict[str, int]:
    """A coded column for programs; `likely` rows are neither sure nor doubtful."""
    return {**asdict(count), "likely": count.likely}


def column_summary(count: ColumnCount) -> str:
    """How many rows of a column can be taken as they are."""
    return "\n".join(
        [
            f"{count.rows:,} rows",
            f"{count.sure:>9,}  sure: about 95 in 100 of such first codes are right",
            f"{count.likely:>9,}  likely: look at the five codes",
            f"{count.doubtful:>9,}  doubtful: may be none of the five",
            f"{count.empty:>9,}  without a title",
        ]
    )
