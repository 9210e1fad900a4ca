"""Small chat models with random weights, and adapters on them, for tests of answering."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tests.small_language_models import byte_level, small_model

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def save_base(folder, *, architecture="llama", template=None, seed=3, width=None):
    """A model that reads and writes bytes; its context is 4,096 tokens."""
    tokenizer = byte_level()
    tokenizer.add_special_tokens({"eos_token": "</s>"})
    tokenizer.chat_template = template
    model = small_model(architecture, len(tokenizer))
    if seed != 3 or width is not None:
        config = model.config
        config.hidden_size = width or config.hidden_size
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_adapter(folder, base, *, seed=1):
    """An adapter with random weights that changes what its base answers; it has no tokenizer."""
    torch.manual_seed(seed)
    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    config = LoraConfig(
        r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(network, config)
    adapted.peft_config["default"].base_model_name_or_path = str(base)
    adapted.save_pretrained(folder, save_embedding_layers=False)
    return folder
