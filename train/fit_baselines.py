"""Fit the classical baselines: unigram, second-order Markov, multinomial logit, bag of jobs.

    python -m train.fit_baselines train/settings/baselines.toml

About six minutes on one core. Smoothing, penalty and the number of stages are chosen on valid.
`--only logit` fits one of them; `--test` also measures on test, once, for models to publish.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby, product
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind, Scalar
from occu_core.models.career_features import FeatureReader, FeatureSpace, History
from occu_core.models.logit import LogitModel
from occu_core.models.markov import Smoothing
from occu_core.models.second_order import BackOff, SecondOrderModel, Triples, count_triples
from occu_core.models.unigram import UnigramModel, count_states, log_shares
from occu_core.occupations import Taxonomy, occ1990dd
from train import fit_markov
from train.data import load_split
from train.logit_fitting import Fitting, choose_layer, examples
from train.saving import SavedModel, make_card, measure_and_save, scalars
from train.settings import load_settings

Careers = Sequence[CareerHistory]


@dataclass(frozen=True, slots=True)
class BaselineSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    out: Path = Path("runs")
    """Each model is saved in `<kind>/best` under it."""

    share: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    """Added to each state's count, to try on valid."""

    stay: tuple[float, ...] = (3.0, 5.0, 8.0, 12.0)
    """Imaginary records behind a state's stay rate, to try on valid."""

    move: tuple[float, ...] = (80.0, 100.0, 140.0, 200.0)
    """Imaginary moves behind a state's destinations, to try on valid."""

    arrival: tuple[float, ...] = (5.0, 20.0, 60.0)
    """Imaginary records behind the stay rate of who just stayed, moved or began, to try."""

    pair_stay: tuple[float, ...] = (5.0, 10.0, 20.0, 40.0)
    """Imaginary records behind the stay rate of a pair of states, to try on valid."""

    pair_move: tuple[float, ...] = (20.0, 40.0, 80.0, 160.0)
    """Imaginary moves behind the destinations of a pair of states, to try on valid."""

    discount: tuple[float, ...] = (0.0, 0.5, 0.8, 0.9)
    """Taken off the count of each destination of a pair of states, to try on valid."""

    l2: tuple[float, ...] = (2.0, 3.0, 4.0, 6.0)
    """Penalties on the squared weights of a logit, to try on valid."""

    epochs: int = 10
    """Passes over the training person-years; the best on valid is kept."""

    batch_rows: int = 1_024
    """Person-years a step."""

    learning_rate: float = 0.03
    """The peak of the one-cycle schedule."""

    seed: int = 1
    """Fixes the order."""


def main(path: Path, *, only: ModelKind | None = None, test: bool = False) -> None:
    """Read, then fit, measure and save one baseline after another."""
    settings = load_settings(BaselineSettings, path)
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    tested = load_split(settings.tables, Split.TEST) if test else []
    records = sum(len(career.records) for career in train)
    print(f"{len(train):,} workers, {records:,} person-years")
    for kind, fit in FITS.items():
        if only not in (None, kind):
            continue
        print(f"\n{kind.value}")
        model, chosen = fit(settings, occ1990dd(), train, valid)
        made: dict[str, Scalar] = {"tables": scalars(settings)["tables"], **chosen}
        model.card = replace(model.card, settings=made)
        measure_and_save(model, settings.out / kind.value, valid, tested)


Fitted = tuple[SavedModel, dict[str, Scalar]]


def fit_unigram(
    settings: BaselineSettings, taxonomy: Taxonomy, train: Careers, valid: Careers
) -> Fitted:
    """Count the states; choose what is added to each."""
    counts, held_out = count_states(train, taxonomy), count_states(valid, taxonomy)

    def nats(share: float) -> float:
        return -sum(
            float((seen * log_shares(counts[name], share)).sum()) for name, seen in held_out.items()
        )

    share = min(settings.share, key=nats)
    card = make_card(ModelKind.UNIGRAM, "Unigram", taxonomy, train, {})
    return UnigramModel(card, taxonomy, counts, share), {"share": share}


def fit_second_order(
    settings: BaselineSettings, taxonomy: Taxonomy, train: Careers, valid: Careers
) -> Fitted:
    """Count the triples; choose the smoothing of the first-order table, then that of pairs."""
    triples, held_out = count_triples(train, taxonomy), count_triples(valid, taxonomy)
    first, held = (
        {name: one.first_order for name, one in part.items()} for part in (triples, held_out)
    )
    smoothings = [Smoothing(*g) for g in product(settings.stay, settings.move, settings.share)]
    smoothing = min(smoothings, key=lambda tried: fit_markov.valid_nats(first, held, tried))
    card = make_card(ModelKind.SECOND_ORDER, "Second-order Markov table", taxonomy, train, {})

    def nats(back_off: BackOff) -> float:
        model = SecondOrderModel(card, taxonomy, triples, smoothing, back_off)
        return sum(pair_nats(model, name, one) for name, one in held_out.items())

    # The two stages share no term, so each is chosen with the other fixed.
    rates = list(product(settings.arrival, settings.pair_stay))
    destinations = list(product(settings.pair_move, settings.discount))
    start = BackOff(
        settings.arrival[0], settings.pair_stay[0], settings.pair_move[0], settings.discount[0]
    )
    rate = min((replace(start, arrival=arrival, stay=stay) for arrival, stay in rates), key=nats)
    back_off = min(
        (replace(rate, move=move, discount=discount) for move, discount in destinations), key=nats
    )
    model = SecondOrderModel(card, taxonomy, triples, smoothing, back_off)
    pairs = {f"pair_{name}": number for name, number in asdict(back_off).items()}
    return model, asdict(smoothing) | pairs


def pair_nats(model: SecondOrderModel, dataset: str, held_out: Triples) -> float:
    """Nats that a model spends on held-out triples, each pair's row worked out once."""
    nats = 0.0
    for (h, i), following in groupby(held_out.seen.tolist(), key=lambda row: row[:2]):
        row = model.row(dataset, h, i)
        nats -= sum(count * math.log(row[j]) for _, _, j, count in following)
    return nats


def fit_logit(history: History, kind: ModelKind, title: str) -> Callable[..., Fitted]:
    """How to fit a logit that reads the history this way."""

    def fit(
        settings: BaselineSettings, taxonomy: Taxonomy, train: Careers, valid: Careers
    ) -> Fitted:
        space = feature_space(history, taxonomy, train)
        reader = FeatureReader(space, taxonomy)
        fitted = examples(reader.rows, train, taxonomy)
        held_out = examples(reader.rows, valid, taxonomy)
        print(f"{space.size:,} features, {space.size * (len(taxonomy) + 1):,} weights")
        fitting = Fitting(
            *(True, settings.l2[0], settings.epochs, settings.batch_rows),
            *(settings.learning_rate, settings.seed),
        )
        shape = space.size, len(taxonomy)
        layer, fitting = choose_layer(fitted, held_out, shape, fitting, settings.l2)
        card = make_card(kind, title, taxonomy, train, {})
        return LogitModel(card, taxonomy, space, layer), scalars(fitting)

    return fit


def feature_space(history: History, taxonomy: Taxonomy, careers: Careers) -> FeatureSpace:
    """Room for what the training careers hold."""
    return FeatureSpace(
        history,
        len(taxonomy),
        tuple(sorted({record.year for career in careers for record in career.records})),
        tuple(sorted({career.dataset for career in careers if career.dataset})),
    )


FITS: dict[ModelKind, Callable[..., Fitted]] = {
    ModelKind.UNIGRAM: fit_unigram,
    ModelKind.SECOND_ORDER: fit_second_order,
    ModelKind.LOGIT: fit_logit(History.LAST_JOBS, ModelKind.LOGIT, "Multinomial logit"),
    ModelKind.BAG_OF_JOBS: fit_logit(History.BAG, ModelKind.BAG_OF_JOBS, "Bag of jobs"),
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--only", type=ModelKind, choices=list(FITS), help="fit just this one")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, only=arguments.only, test=arguments.test)
