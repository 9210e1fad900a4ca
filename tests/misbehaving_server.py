"""A local OpenAI-compatible server that writes invented data and can misbehave as real ones do."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-secret-0123456789abcdef"
MODEL = "invented-1"
PAGE = "<!DOCTYPE html><html><body>Welcome to nginx</body></html>"
TOKENS_IN, TOKENS_OUT = 100, 50
_LIST = (
    "pressure valve harvest ledger beam lathe suture gasket recipe tariff lease clamp solvent"
    " bearing audit trench dosage splint rivet canopy pigment hinge furnace permit axle tissue"
    " cargo lantern probe ballast mortar plaster varnish compass buoy turbine socket relay fuse"
    " sensor gauge nozzle piston gearbox flange crane pulley harness ladder scaffold girder truss"
    " drill reamer chisel plane router sander kiln glaze loom bobbin thread dye fabric pattern"
    " seam collar invoice voucher budget forecast margin dividend bond broker escrow deed title"
    " zoning parcel survey contour datum mast keel rudder anchor hull deck galley berth pier dock"
    " freight pallet barcode shelf freezer oven mixer dough yeast broth stock reduction garnish"
    " fillet brine marinade vaccine serum plasma catheter bandage ointment tablet capsule syringe"
)
WORDS = _LIST.split()


@dataclass(frozen=True)
class Fault:
    """What the server does instead of answering; `paid` where the work is billed nevertheless."""

    status: int = 200
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    sleep: float = 0.0
    paid: bool = False
    change: Callable[[dict[str, Any]], None] | None = None


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Do it in a thread of its own: a browser that another test opened keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, *given).result()


def error(status: int, message: str, *headers: tuple[str, str], code: str | None = None) -> Fault:
    body = {"error": {"message": message, "type": "error", "code": code}}
    return Fault(status, json.dumps(body), (("Content-Type", "application/json"), *headers))


def _no_choices(answer):
    answer["choices"] = []


def _broken_list(answer):
    said = answer["choices"][0]
    if said["message"]["content"].startswith("["):
        said["message"]["content"] = said["message"]["content"][:-12]
        said["finish_reason"] = "length"


def _no_list(answer):
    answer["choices"][0]["message"]["content"] = "Certainly, here is what I think about it."


def _no_usage(answer):
    del answer["usage"]


BUSY = error(429, "slow down", ("Retry-After", "0.05"))
DOWN = error(500, "out of memory")
HTML = Fault(200, PAGE, (("Content-Type", "text/html"),))
GATEWAY = Fault(502, PAGE, (("Content-Type", "text/html"),))
GARBAGE = Fault(200, '{"choices": [', (("Content-Type", "application/json"),))
SLOW = Fault(sleep=1.5)
EMPTY = Fault(paid=True, change=_no_choices)
BROKEN_LIST = Fault(paid=True, change=_broken_list)
NO_LIST = Fault(paid=True, change=_no_list)
NO_USAGE = Fault(paid=True, change=_no_usage)


class MisbehavingServer:
    """Answers on a free port of this machine; `fault` decides what becomes of each request.

    `fault(number, prompt)` gets the request's number from 0 and the last message. `paid` counts the
    prompts that were answered, `seen` all that arrived, `at` when.
    """

    def __init__(self, fault=lambda number, prompt: None, *, key=KEY, latency=0.0, write=None):
        self.fault, self.key, self.latency = fault, key, latency
        self.write = write or invented
        self.paid: Counter[str] = Counter()
        self.seen: list[str] = []
        self.at: list[float] = []
        self.bodies: list[dict[str, Any]] = []
        self.busiest = self._busy = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that was killed
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with suppress(ConnectionError):
                    self._reply(*server.answer(self.path, self.headers, body))

            def _reply(self, status, text, headers):
                raw = text.encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, path, headers, body):
        """Status, text and headers for one request."""
        said = body["messages"][-1]["content"]
        with self._lock:
            number = len(self.seen)
            self.seen.append(said)
            self.bodies.append(body)
            self.at.append(time.monotonic())
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            return self._answer(number, path, headers, body, said)
        finally:
            with self._lock:
                self._busy -= 1

    def _answer(self, number, path, headers, body, said):
        wrong = self._refusal(path, headers, body)
        fault = wrong or self.fault(number, said) or Fault(paid=True)
        time.sleep(self.latency + fault.sleep)
        if fault.body is not None:
            return fault.status, fault.body, fault.headers
        answer = {
            "id": f"chat-{number}",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": self.write(body)},
                }
            ],
            "usage": {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT},
        }
        if fault.change:
            fault.change(answer)
        if fault.paid:
            with self._lock:
                self.paid[json.dumps(body, sort_keys=True)] += 1
        return fault.status, json.dumps(answer), (("Content-Type", "application/json"),)

    def _refusal(self, path, headers, body):
        given = headers.get("Authorization", "")
        if path != "/v1/chat/completions":
            return Fault(404, PAGE, (("Content-Type", "text/html"),))
        if self.key and given != f"Bearer {self.key}":
            return error(401, f"Incorrect API key provided: {given}", code="invalid_api_key")
        if body["model"] != MODEL:
            return error(404, f"The model {body['model']} does not exist", code="model_not_found")
        return None


def invented(body: dict[str, Any]) -> str:
    """What the model writes: always the same for the same request, and unlike for others."""
    prompt = body["messages"][-1]["content"]
    draw = random.Random(sha256(json.dumps(body, sort_keys=True).encode()).digest())
    if found := re.search(r"Name (\d+) responsibilities", prompt):
        return json.dumps([f"Look after the {_words(draw, 6)}" for _ in range(int(found[1]))])
    if found := re.search(r"Name (\d+) topics", prompt):
        topics = [
            {"topic": _words(draw, 3), "features": [_words(draw, 2) for _ in range(3)]}
            for _ in range(int(found[1]))
        ]
        return f"Here you are:\n```json\n{json.dumps(topics)}\n```"
    if found := re.search(r"Write (\d+) questions", prompt):
        return json.dumps([question(draw) for _ in range(int(found[1]))])
    if found := re.search(r"The user speaks (\d+) times", prompt):
        turns = []
        for _ in range(int(found[1])):
            turns.append({"role": "user", "content": question(draw)})
            turns.append({"role": "assistant", "content": prose(draw, 50)})
        return json.dumps(turns)
    return prose(draw, 120)


def question(draw: random.Random) -> str:
    return f"How do I check the {_words(draw, 5)} when the {_words(draw, 4)} is in the way?"


def prose(draw: random.Random, words: int) -> str:
    sentences = [
        f"Take the {_words(draw, 2)} to the {_words(draw, 2)} before you open it."
        for _ in range(words // 11 + 1)
    ]
    return " ".join(sentences)


def _words(draw: random.Random, count: int) -> str:
    return " ".join(draw.choices(WORDS, k=count))
