"""Serves recorded metrics whose counters grow with every scrape, so that rates over them are not 0."""

import contextlib
import http.server
import pathlib
import re
import threading

HERE = pathlib.Path(__file__).parent
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$")
COUNTER = re.compile(r"^\w+_(?:total|bucket|count|sum)\b")


def at(text, scrape):
    """The text as the scrape with this number (1, 2, …) sees it."""
    lines = []
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample and COUNTER.match(line):
            line = f"{sample[1]} {float(sample[2]) * scrape:g}"
        lines.append(line)
    return "\n".join(lines) + "\n"


class Exposition:
    """One file of this folder on 127.0.0.1:port, in the calling thread's namespace."""

    def __init__(self, name, port):
        text = (HERE / name).read_text()
        scrapes = iter(range(1, 1_000_000))

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = at(text, next(scrapes)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # Prometheus has ended
                    self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.target = f"127.0.0.1:{port}"
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
