"""Loads the models that others are compared with, and those made of others."""

from __future__ import annotations

from pathlib import Path

from occu_core.models.base import ModelCard, ModelKind, OccupationModel
from occu_core.occupations import Taxonomy


def load_baseline(card: ModelCard, folder: Path, taxonomy: Taxonomy) -> OccupationModel:
    """Load one by its kind; torch is imported only by the kinds that need it.

    Raises:
        ValueError: if a file is damaged or does not fit the taxonomy.
    """
    match card.kind:
        case ModelKind.UNIGRAM:
            from occu_core.models.unigram import UnigramModel

            return UnigramModel.load(folder, card, taxonomy)
        case ModelKind.SECOND_ORDER:
            from occu_core.models.second_order import SecondOrderModel

            return SecondOrderModel.load(folder, card, taxonomy)
        case ModelKind.LOGIT | ModelKind.BAG_OF_JOBS:
            from occu_core.models.logit import LogitModel

            return LogitModel.load(folder, card, taxonomy)
        case ModelKind.EMBEDDING_LOGIT:
            from occu_core.models.embedding_logit import EmbeddingLogitModel

            return EmbeddingLogitModel.load(folder, card, taxonomy)
        case ModelKind.STAY_MOVE:
            from occu_core.models.stay_move import StayMoveModel

            return StayMoveModel.load(folder, card, taxonomy)
        case ModelKind.ENSEMBLE:
            from occu_core.models.ensemble import EnsembleModel

            return EnsembleModel.load(folder, card, taxonomy)
    raise ValueError(f"{card.kind} is not a baseline")
