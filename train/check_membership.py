"""Check whether models give away who they were trained on: loss gap and verbatim careers.

    python -m train.check_membership language_model career markov

For each model and cohort: the losses of training workers drawn at random against those of the test
workers, and how often a greedy continuation reproduces a worker's next records. Each drawn worker
costs one pass and up to `--continued` predictions. Writes assets/reports/.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.evaluation.bootstrap import SEED
from occu_core.evaluation.membership import (
    LossGap,
    VerbatimAudit,
    long_enough,
    loss_gap,
    verbatim_audit,
)
from occu_core.evaluation.model_report import Rows, provenance
from occu_core.evaluation.report_files import file_name, save_report
from occu_core.evaluation.reports import Interval, MembershipReport
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import Detail
from occu_core.models.base import OccupationModel
from occu_core.models.storage import ModelError, load_model
from train.data import load_split
from train.score_files import TABLES

REPORTS = Path("assets/reports")


@dataclass(frozen=True, slots=True)
class Check:
    """How much to check."""

    models: tuple[str, ...]
    workers: int = 1_500
    audited: int = 300
    history: int = 3
    continued: int = 5
    seed: int = SEED
    tables: tuple[str, ...] = TABLES
    out: Path = REPORTS


def main(check: Check) -> None:
    """Check each model on each cohort that it was trained on."""
    train, test = (load_split(check.tables, split) for split in (Split.TRAIN, Split.TEST))
    check.out.mkdir(parents=True, exist_ok=True)
    for name in check.models:
        try:
            model = load_model(name)
        except ModelError as error:
            raise SystemExit(str(error)) from None
        for dataset in dict.fromkeys(career.dataset or "" for career in test):
            if dataset in {cohort.dataset for cohort in model.card.trained_on}:
                sides = (_of(train, dataset), _of(test, dataset))
                report = membership_report(model, *sides, dataset, check)
                save_report(report, check.out / file_name(report))
                print(f"{report.provenance.title}, {dataset}: {report.finding}", flush=True)


def membership_report(
    model: OccupationModel,
    train: list[CareerHistory],
    test: list[CareerHistory],
    dataset: str,
    check: Check,
) -> MembershipReport:
    """Both checks on workers drawn at random from each side."""
    draw = random.Random(check.seed)
    members, others = (draw.sample(side, min(check.workers, len(side))) for side in (train, test))
    seen, unseen = (score(model, side, Detail.OUTCOME) for side in (members, others))
    gap = loss_gap(seen, unseen, check.seed)
    long = [long_enough(side, check.history + check.continued) for side in (train, test)]
    audit = verbatim_audit(
        model,
        *(draw.sample(side, min(check.audited, len(side))) for side in long),
        history=check.history,
        continued=check.continued,
    )
    command = (
        f"python -m train.check_membership {model.card.name} --workers {check.workers}"
        f" --audited {check.audited} --seed {check.seed}"
    )
    return MembershipReport(
        provenance=provenance(unseen, Rows(dataset, Split.TEST.value), command, check.seed),
        train_workers=gap.train_workers,
        test_workers=gap.test_workers,
        nats_train=gap.nats_train,
        nats_test=gap.nats_test,
        attack_auc=gap.attack_auc,
        history=audit.history,
        continued=audit.continued,
        verbatim_train=audit.train,
        verbatim_test=audit.test,
        changing_train=audit.changing_train,
        changing_test=audit.changing_test,
        finding=finding(gap, audit),
    )


def finding(gap: LossGap, audit: VerbatimAudit) -> str:
    """What was found, in sentences that the numbers decide."""
    auc = gap.attack_auc
    told = (
        "tells training workers from others"
        if auc.low is not None and auc.low > 0.5
        else "does not tell training workers from others"
    )
    return (
        f"A guess from the loss {told}: it is right for {auc.value:.1%} of pairs"
        f" ({_ends(auc)}; 50% is chance). From {audit.history} records the model continues"
        f" {audit.train.value:.1%} of training workers' next {audit.continued} years exactly"
        f" ({_ends(audit.train)}) and {audit.test.value:.1%} of test workers'"
        f" ({_ends(audit.test)})."
    )


def _ends(interval: Interval) -> str:
    return f"95% interval {interval.low:.1%}–{interval.high:.1%}"


def _of(careers: list[CareerHistory], dataset: str) -> list[CareerHistory]:
    return [career for career in careers if (career.dataset or "") == dataset]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", help="shipped models by name, or model folders")
    parser.add_argument("--workers", type=int, default=1_500, help="compared, on each side")
    parser.add_argument("--audited", type=int, default=300, help="continued, on each side")
    parser.add_argument("--history", type=int, default=3, help="records shown to the model")
    parser.add_argument("--continued", type=int, default=5, help="records to be reproduced")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes the draws")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), help="career tables")
    parser.add_argument("--out", type=Path, default=REPORTS, help="where reports are written")
    given = parser.parse_args()
    main(
        Check(
            tuple(given.models),
            given.workers,
            given.audited,
            given.history,
            given.continued,
            given.seed,
            tuple(given.tables),
            given.out,
        )
    )
