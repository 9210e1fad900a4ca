"""A judge beside the people of a study in the store: the same pairs, the same question asked."""

from __future__ import annotations

from collections.abc import Sequence

from occu_core.pairwise.judges import Judge, Judgement, Showing, raw_votes
from occu_core.pairwise.store import Store
from occu_core.pairwise.store_refusals import StudyExistsError, StudySettingsError
from occu_core.pairwise.studies import CRITERIA, OVERALL, Criterion


def criterion_named(name: str | None, asked: Sequence[Criterion] = ()) -> Criterion:
    """What the judge is asked: by name, else what a study asks first, else which is better overall.

    Args:
        name: of a criterion; None for the first.
        asked: by the study the votes go to; the usual ones where there is none.

    Raises:
        StudySettingsError: naming the criteria there are.
    """
    known = {one.name: one for one in asked or CRITERIA}
    if name is None:
        return asked[0] if asked else OVERALL
    if name not in known:
        raise StudySettingsError(f"criterion {name[:60]!r}; expected {' | '.join(known)}")
    return known[name]


def check_judging(
    store: Store, study: str, judges: Sequence[Judge], shown: Sequence[Showing], criterion: str
) -> None:
    """Refuse, before anything is paid for, votes that could not stand in a study.

    Raises:
        StudySettingsError: if a pair to be judged is none of the study's.
        StudyExistsError: if a judge has voted there already.
        UnknownStudyError: naming the studies there are.
    """
    voted = {(vote.annotator, vote.criterion) for vote in store.votes(study)}
    for judge in judges:
        if (judge.annotator, criterion) in voted:
            raise StudyExistsError(
                f"study {study} has votes of {judge.annotator} already; name this judge otherwise"
                " (--name) to add its votes too"
            )
    exported = store.export(study)
    there = {
        (question.question_id, answer.system, answer.text)
        for question in exported.questions
        for answer in question.responses
    }
    for showing in shown if there else ():
        for answer in (showing.left, showing.right):
            if (showing.question.question_id, answer.system, answer.text) not in there:
                raise StudySettingsError(
                    f"{answer.place or showing.question.place}: question"
                    f" {showing.question.question_id!r} with this answer of {answer.system!r} is"
                    f" not in study {study}; judge the files the study was made of"
                )


def add_judgements(
    store: Store,
    study: str,
    judges: Sequence[Judge],
    judgements: Sequence[Judgement],
    criterion: Criterion,
) -> int:
    """Keep each judge's votes in a study, one for each order; returns how many.

    The study's report settles both orders into one vote an item and counts where they differ.
    """
    added = 0
    for judge in judges:
        votes = raw_votes((one for one in judgements if one.judge == judge.name), criterion)
        if votes:
            added += store.add_votes(study, f"{judge.annotator} {criterion.name}", votes)
    return added
