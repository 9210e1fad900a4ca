"""Every baseline, small, fitted in a moment on made-up careers over the toy taxonomy."""

import random
from pathlib import Path

import numpy as np

from occu_core.careers import CareerHistory, Education, JobRecord, Sex
from occu_core.models.base import ModelCard, ModelKind, OccupationModel
from occu_core.models.career_features import FeatureReader, FeatureSpace, History
from occu_core.models.embedding_logit import EmbeddingLogitModel
from occu_core.models.ensemble import POOLED, EnsembleModel
from occu_core.models.logit import LogitModel, LogitWeights
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions
from occu_core.models.second_order import BackOff, SecondOrderModel, count_triples
from occu_core.models.stay_move import StayHead, StayMoveModel
from occu_core.models.unigram import UnigramModel, count_states
from tests.careers_at_random import TOY
from tests.small_language_models import byte_level, language_model
from train.logit_fitting import Fitting, examples, fit

SMOOTHING = Smoothing(2.0, 3.0, 0.5)
FITTING = Fitting(two_stages=True, l2=1.0, epochs=3, batch_rows=32, learning_rate=0.1, seed=1)


def card_of(kind: ModelKind, taxonomy=TOY) -> ModelCard:
    return ModelCard(
        *(kind.value, kind, kind.value, "0", taxonomy.name, taxonomy.digest), *((), {}, ())
    )


def made_up(number: int, seed: int) -> list[CareerHistory]:
    """Careers that stay more often than not, of two datasets."""
    rng = random.Random(seed)
    return [_made_up(rng, f"w{k}") for k in range(number)]


def _made_up(rng: random.Random, name: str) -> CareerHistory:
    states = [rng.choice(TOY.occupations)]
    while rng.random() < 0.85:
        states.append(states[-1] if rng.random() < 0.7 else rng.choice(TOY.occupations))
    level = rng.choice([*Education, None])
    records = tuple(JobRecord(1980 + k, state, level) for k, state in enumerate(states))
    dataset = rng.choice(["NLSY79", "NLSY97"])
    return CareerHistory(name, records, dataset, 1960, rng.choice([*Sex, None]))


TRAIN, VALID = made_up(80, 1), made_up(20, 2)


def unigram() -> UnigramModel:
    return UnigramModel(card_of(ModelKind.UNIGRAM), TOY, count_states(TRAIN, TOY), 0.5)


def markov() -> MarkovModel:
    return MarkovModel(card_of(ModelKind.MARKOV), TOY, count_transitions(TRAIN, TOY), SMOOTHING)


def second_order() -> SecondOrderModel:
    back_off = BackOff(4.0, 2.0, 3.0, 0.5)
    card = card_of(ModelKind.SECOND_ORDER)
    return SecondOrderModel(card, TOY, count_triples(TRAIN, TOY), SMOOTHING, back_off)


def logit(history: History = History.LAST_JOBS) -> LogitModel:
    years = tuple(sorted({record.year for career in TRAIN for record in career.records}))
    space = FeatureSpace(history, len(TOY), years, ("NLSY79", "NLSY97"))
    reader = FeatureReader(space, TOY)
    train, valid = (examples(reader.rows, part, TOY) for part in (TRAIN, VALID))
    layer, _ = fit(train, valid, (space.size, len(TOY)), FITTING)
    kind = ModelKind.LOGIT if history is History.LAST_JOBS else ModelKind.BAG_OF_JOBS
    return LogitModel(card_of(kind), TOY, space, layer)


def bag_of_jobs() -> LogitModel:
    return logit(History.BAG)


def embedding_logit(tokenizer=byte_level, *, two_stages: bool = True) -> EmbeddingLogitModel:
    base = language_model(tokenizer(), TOY)
    rng = np.random.default_rng(0)
    width = base.scorer.model.config.hidden_size
    weights = rng.normal(size=(width, len(TOY) + 1)).astype(np.float32)
    layer = LogitWeights(weights, np.zeros(len(TOY) + 1, np.float32), two_stages)
    return EmbeddingLogitModel(card_of(ModelKind.EMBEDDING_LOGIT), TOY, "base", layer, base)


def stay_move(tokenizer=byte_level) -> StayMoveModel:
    base = language_model(tokenizer(), TOY)
    rng = np.random.default_rng(0)
    head = StayHead(rng.normal(size=base.scorer.model.config.hidden_size + 1) / 4, 0.5)
    return StayMoveModel(card_of(ModelKind.STAY_MOVE), TOY, "base", head, base)


def ensemble() -> EnsembleModel:
    members: list[OccupationModel] = [markov(), language_model(byte_level(), TOY)]
    weights = {POOLED: np.array([0.5, 0.5]), "NLSY97": np.array([0.9, 0.1])}
    return EnsembleModel(
        card_of(ModelKind.ENSEMBLE), TOY, ["markov", "language_model"], weights, members
    )


def saved(model: OccupationModel, folder: Path) -> Path:
    """Written where `load_model` would look, card included."""
    from occu_core.models.storage import write_card

    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    write_card(folder, model.card)
    return folder
