"""Wire compatibility: the same calls against `transformers serve` with a small random model."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from occu_core.endpoints import Caller, Endpoint, EndpointError, ReplyStore, conversation
from occu_core.occuquest.generation.plan import Plan, Sizes, Stage, Subject
from occu_core.occuquest.generation.records import Ending
from occu_core.occuquest.generation.running import generate
from tests.misbehaving_server import apart

pytest.importorskip("fastapi", reason="`transformers serve` needs fastapi: pip install -e .[dev]")
pytestmark = pytest.mark.slow
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "assistant:"
)
EVERY = 0.2


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A chat model with random weights that reads and writes bytes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.small_language_models import byte_level

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("model")
    tokenizer = byte_level()
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def address(model, tmp_path_factory):
    """The address of a running `transformers serve`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "serve.log"
    command = Path(sys.executable).with_name("transformers")
    with log.open("w") as written:
        server = subprocess.Popen(
            [
                *(str(command), "serve", str(model), "--device", "cpu"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            stdout=written,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    try:
        for _ in range(round(120 / EVERY)):
            assert server.poll() is None, log.read_text()
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            time.sleep(EVERY)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(30)


def asked(where, store):
    async def run():
        async with Caller(where, store, cap=1.0) as caller:
            return await caller.ask(conversation("What is a keel?", "Be brief.")), caller.usage

    return apart(asyncio.run, run())


def test_a_call_is_answered_counted_and_kept(address, model):
    where = Endpoint(address, str(model), max_tokens=24, seed=3, price_in=1.0, price_out=2.0)
    with ReplyStore() as store:
        reply, usage = asked(where, store)
        assert reply.text
        # by hand: a token is a byte of "system: Be brief.\nuser: What is a keel?\nassistant:"
        sent = len("system: Be brief.\nuser: What is a keel?\nassistant:")
        assert (reply.tokens_in, reply.tokens_out, reply.cut) == (sent, 24, True)
        assert usage.cost == pytest.approx((sent + 2 * 24) / 1e6)
        again, usage = asked(where, store)
    assert again.text == reply.text
    assert (usage.calls, usage.cached) == (0, 1)


def test_a_run_with_a_model_that_writes_noise_sets_everything_aside(address, model, tmp_path):
    where = Endpoint(address, str(model), max_tokens=24, price_in=0.0, price_out=0.0)
    plan = Plan((Subject("Cook", "Food"), Subject("Nurse", "Health")), Sizes(1, 1, 1, 0))
    manifest = apart(asyncio.run, generate(plan, where, tmp_path / "run", 1.0))
    assert manifest.ending is Ending.COMPLETE
    assert manifest.items == 0
    counts = manifest.stages[Stage.RESPONSIBILITIES]
    assert (counts.asked, counts.unreadable, counts.failed) == (2, 4, 0)


def test_a_model_that_it_does_not_serve_is_refused(address):
    with ReplyStore() as store, pytest.raises(EndpointError, match="no-such-model"):
        asked(Endpoint(address, "no-such-model", price_in=0.0, price_out=0.0, retries=0), store)
