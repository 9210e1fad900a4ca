"""Write the tagger's folder: weights in eight bits, words, and what it was taught and chosen by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from occu_core.occuquest.tagging_network import TaggerNetwork, save_network
from occu_core.occuquest.taxonomy import occupations
from train.sentence_encoder import encode, encoder_folder
from train.tagger_choice import Chosen
from train.tagger_data import CLASSES, meaning_vectors

MOST_TOKENS = 128


def save_tagger(
    network: TaggerNetwork, chosen: Chosen, taught: Mapping[str, object], out: Path
) -> None:
    """Weights, tokenizer and `tagger.json`; the model card beside them is written by hand."""
    out.mkdir(parents=True, exist_ok=True)
    save_network(network, meaning_vectors(encode), out / "model.safetensors")
    shutil.copyfile(encoder_folder() / "tokenizer.json", out / "tokenizer.json")
    config = network.encoder.config
    written = {
        "shape": {
            "vocab_size": config.vocab_size,
            "hidden_size": config.hidden_size,
            "num_hidden_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "intermediate_size": config.intermediate_size,
            "classes": len(CLASSES),
        },
        "most_tokens": MOST_TOKENS,
        "none_bias": round(chosen.none_bias, 4),
        "temperature": round(chosen.temperature, 4),
        "classes": CLASSES,
        "occupations": [one.name for one in occupations()],
        "valid": asdict(chosen),
        "taught": dict(taught),
    }
    text = json.dumps(written, indent=1, ensure_ascii=False) + "\n"
    (out / "tagger.json").write_text(text, encoding="utf-8")
