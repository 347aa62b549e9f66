"""A client of the Kubernetes API, as far as the tests need it: JSON, create, replace, delete, wait."""

import http.client
import json
import ssl

from lab.waiting import wait_until

PORT = 6443
TOKEN = "nld-test"  # of a server that only one namespace's loopback reaches


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:400]}")
        self.status = status


class Api:
    """Connects from the namespace of the calling thread."""

    def __init__(self, port=PORT):
        self._port = port
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False  # its certificate is made anew at each start
        self._tls.verify_mode = ssl.CERT_NONE

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=15, context=self._tls)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ApiError(answer.status, text)
        return json.loads(text) if text.startswith("{") else text

    def wait_ready(self, timeout=90.0):
        def ready():
            try:
                return self.call("GET", "/readyz") == "ok"
            except ApiError:
                return False
        wait_until(ready, timeout, "the API server to be ready", interval=0.1)

    def create(self, path, body):
        return self.call("POST", path, body)

    def replace(self, path, change):
        """Reads, lets `change` alter it, writes; nobody else writes here."""
        found = self.call("GET", path)
        change(found)
        return self.call("PUT", path, found)

    def delete(self, path):
        return self.call("DELETE", path)
