"""Small language models with random weights and tokenizers of every difficult kind."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from occu_core.careers import CareerHistory, Education, JobRecord
from occu_core.models.base import ModelCard, ModelKind
from occu_core.models.language_model import LanguageModel
from occu_core.occupations import Taxonomy, occ1990dd
from occu_core.templates import TextTemplate

ARCHITECTURES = {
    "llama": {"num_key_value_heads": 1},
    "gpt2": {},
    "gpt_neox": {"intermediate_size": 64},
    "bloom": {},
    "gemma2": {"num_key_value_heads": 1, "sliding_window": 16, "head_dim": 16},
    "mamba": {"state_size": 4},
}
TAKES_TREE_MASKS = {"llama", "gpt2", "gpt_neox"}


def long_career(taxonomy: Taxonomy, records: int) -> CareerHistory:
    """A made-up career that walks through the taxonomy."""
    levels = [*Education, None]
    jobs = [taxonomy.occupations[(k * 37) % len(taxonomy)] for k in range(records)]
    return CareerHistory(
        "made-up",
        tuple(JobRecord(1997 + k, job, levels[k % 6]) for k, job in enumerate(jobs)),
        dataset="NLSY97",
        birth_year=1981,
    )


def byte_level() -> PreTrainedTokenizerFast:
    """One token a byte: the longest paths there can be."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {letter: k for k, letter in enumerate(sorted(alphabet))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def merging() -> PreTrainedTokenizerFast:
    """Byte-pair merges with no word boundaries: ': Co' and 'ks\\n19' can be tokens."""
    tokenizer = Tokenizer(models.BPE(unk_token="?"))
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["?"], show_progress=False)
    tokenizer.train_from_iterator(_resumes(), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def sentencepiece_like() -> PreTrainedTokenizerFast:
    """Marks spaces as '▁', puts one before every text, and a beginning-of-text token first."""
    tokenizer = Tokenizer(models.BPE(unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    special = ["?", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_resumes(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


TOKENIZERS = {
    "byte level": byte_level,
    "merging": merging,
    "sentencepiece-like": sentencepiece_like,
}


def small_model(architecture: str, vocabulary: int) -> torch.nn.Module:
    """Two layers of random weights, sharpened so that probabilities differ."""
    torch.manual_seed(3)
    config = _config(architecture, vocabulary)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(3)
    return model


def language_model(
    tokenizer: PreTrainedTokenizerFast,
    taxonomy: Taxonomy | None = None,
    architecture: str = "llama",
) -> LanguageModel:
    """An untrained language model behind the same door as a trained one."""
    taxonomy = taxonomy or occ1990dd()
    card = ModelCard(
        *("untrained", ModelKind.LANGUAGE_MODEL, "Untrained", "0", taxonomy.name, taxonomy.digest),
        *((), {}, ()),
    )
    return LanguageModel(card, taxonomy, small_model(architecture, len(tokenizer)), tokenizer)


def _config(architecture: str, vocabulary: int):
    return AutoConfig.for_model(
        architecture,
        vocab_size=vocabulary,
        hidden_size=32,
        n_embd=32,
        n_layer=2,
        n_head=2,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=4096,
        n_positions=4096,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        **({"intermediate_size": 64} | ARCHITECTURES[architecture]),
    )


def _resumes() -> list[str]:
    template = TextTemplate()
    taxonomy = occ1990dd()
    return [template.resume(long_career(taxonomy, records)) for records in range(3, 27)] * 3


def speaking_base(folder: Path, texts: Sequence[str], *, template: str | None = None) -> Path:
    """A small untrained Llama whose tokenizer learned its words from some texts, saved."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")
    fast.chat_template = template
    fast.save_pretrained(folder)
    torch.manual_seed(1)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=2048,
        initializer_range=0.15,  # scores far enough apart for an adapter to move them
        bos_token_id=None,
        eos_token_id=fast.eos_token_id,
        pad_token_id=None,
    )
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    return folder
