"""A local OpenAI-compatible server that streams what it is told to, a piece at a time."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "invented-stream"


class StreamingServer:
    """Streams `pieces`, `apart` seconds between them; `streams` False answers whole instead.

    `refuses` is a field of the request that it knows nothing of; `breaks` ends without an end.
    """

    def __init__(self, pieces, *, apart=0.0, streams=True, refuses=None, breaks=False):
        self.pieces, self.apart, self.streams = pieces, apart, streams
        self.refuses, self.breaks = refuses, breaks
        self.bodies, self.keys, self.sent = [], [], 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
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
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                server.keys.append(self.headers.get("Authorization"))
                with suppress(ConnectionError):
                    self._reply(body)

            def _reply(self, body):
                if server.refuses in body:
                    said = {"error": {"message": f"unknown field {server.refuses}"}}
                    return self._whole(400, said)
                if not server.streams:
                    return self._whole(200, server.whole())
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for chunk in server.chunks():
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                    self.wfile.flush()
                    server.sent += 1
                    time.sleep(server.apart)
                if not server.breaks:
                    self.wfile.write(b"data: [DONE]\n\n")
                return None

            def _whole(self, status, content):
                raw = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        return Handler

    def chunks(self):
        frame = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
        for piece in self.pieces:
            yield frame | {"choices": [{"index": 0, "delta": {"content": piece}}]}
        if not self.breaks:
            yield frame | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
            yield frame | {"choices": [], "usage": self.usage()}

    def whole(self):
        message = {"role": "assistant", "content": "".join(self.pieces)}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        frame = {"id": "1", "object": "chat.completion", "created": 0, "model": MODEL}
        return frame | {"choices": [choice], "usage": self.usage()}

    def usage(self):
        return {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
