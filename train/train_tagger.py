"""Teach the tagger: prompt to one of 26 categories or none, and to the meanings of occupations.

python -m train.train_tagger train/settings/tagger.toml --out assets/occuquest/tagger

The encoder starts as all-MiniLM-L6-v2 and keeps its lower layers. A text may have several right
classes: the loss is the negative log of the probability on all of them. A second head keeps what
the untaught encoder says a text means, since that is where occupations are told apart.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from occu_core.occuquest.tagging_network import NetworkShape, TaggerNetwork
from train.expert_questions import Part
from train.sentence_encoder import encoder_folder, load_encoder
from train.settings import load_settings
from train.tagger_choice import choose
from train.tagger_data import (
    CLASSES,
    Example,
    accepted_matrix,
    experts,
    occupational_texts,
    read_prompts,
    taught_texts,
)
from train.tagger_probe import add_probe
from train.tagger_saving import save_tagger
from train.tagger_teaching import Prepared, TaggerSettings, teach


def main(settings: TaggerSettings, out: Path) -> None:
    """Prepare, teach, choose temperature and bias on held-out texts, save."""
    torch.manual_seed(settings.seed)
    network, tokenizer = fresh_network()
    taught = taught_texts(with_experts=settings.with_experts)
    drawn = draw_occupational(settings)
    steps = settings.epochs * ((len(taught) + settings.occupational) // settings.batch)
    print(f"{len(taught)} texts and {settings.occupational} drawn an epoch, {steps} steps")
    prepared = prepare([*taught, *drawn], network, tokenizer, settings)
    teach(network, prepared, len(taught), steps, settings)
    held_out = read_prompts(Part.VALID), experts(Part.VALID)
    probe = add_probe(network, tokenizer, taught, held_out)
    chosen = choose(network, tokenizer, *held_out)
    print(json.dumps(asdict(chosen), indent=1))
    save_tagger(network, chosen, {**asdict(settings), "texts": len(taught), **probe}, out)


def fresh_network() -> tuple[TaggerNetwork, Tokenizer]:
    """The network as all-MiniLM-L6-v2 left it, its meaning head the identity."""
    config = json.loads((encoder_folder() / "config.json").read_text(encoding="utf-8"))
    sizes = {name: config[name] for name in NetworkShape.__slots__ if name in config}
    network = TaggerNetwork(NetworkShape(**sizes, classes=len(CLASSES)))
    source, tokenizer = load_encoder()
    weights = source.state_dict()
    network.encoder.load_state_dict({n: weights[n] for n in network.encoder.state_dict()})
    with torch.no_grad():
        network.meaning.weight.copy_(torch.eye(len(network.meaning.weight)))
        network.meaning.bias.zero_()
        network.category.weight.normal_(std=0.02)
        network.category_of_meaning.weight.zero_()
        network.category_of_meaning.bias.zero_()
    return network, tokenizer


def draw_occupational(settings: TaggerSettings) -> list[Example]:
    """Texts about occupations for all epochs, each set of categories as often as any other."""
    draws = random.Random(settings.seed)
    by_kind: dict[tuple[str, ...], list[Example]] = {}
    for example in occupational_texts():
        by_kind.setdefault(example.accepted, []).append(example)
    kinds = [kind for kind in by_kind if len(kind) == 1] * 2 + [k for k in by_kind if len(k) > 1]
    return [
        draws.choice(by_kind[draws.choice(kinds)])
        for _ in range(settings.epochs * settings.occupational)
    ]


def prepare(
    examples: Sequence[Example],
    network: TaggerNetwork,
    tokenizer: Tokenizer,
    settings: TaggerSettings,
) -> Prepared:
    """Run the untaught network over every text, once: states after the frozen layers, meanings."""
    frozen = settings.frozen_layers
    tokenizer.enable_truncation(settings.most_tokens)
    network.eval()
    states: list[Tensor] = [torch.empty(0)] * len(examples)
    meanings = torch.zeros(len(examples), network.meaning.out_features)
    order = sorted(range(len(examples)), key=lambda place: len(examples[place].text))
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            places = order[start : start + 64]
            encoded = tokenizer.encode_batch([examples[place].text[:2000] for place in places])
            tokens = torch.tensor([one.ids for one in encoded])
            mask = torch.tensor([one.attention_mask for one in encoded])
            lower = network.layers(network.encoder.embeddings(tokens), mask, 0, frozen)
            meanings[places] = network.heads(network.layers(lower, mask, frozen), mask)[1]
            for place, state, used in zip(places, lower, mask.sum(1).tolist(), strict=True):
                states[place] = state[:used].to(torch.float16)
    return Prepared(states, torch.from_numpy(accepted_matrix(examples)), meanings)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--out", type=Path, required=True, help="the tagger's folder")
    parser.add_argument("--set", action="append", default=[], metavar="name=value")
    arguments = parser.parse_args()
    main(load_settings(TaggerSettings, arguments.settings, arguments.set), arguments.out)
