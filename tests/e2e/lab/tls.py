"""Both ends of DNS over TLS: an authority that issues certificates, a scriptable server, a client's stream."""

import datetime
import pathlib
import select
import socket
import ssl
import struct
import subprocess
import threading

from lab.client import SERVER, Stream
from lab.fakedns import FakeDns
from lab.waiting import PATIENCE

CONFIGURATION = """[ca]
default_ca = here
[here]
database = {directory}/index.txt
new_certs_dir = {directory}
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr


class Identity:
    """A certificate and its key, as files."""

    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key

    def server_context(self, clients_of=None):
        """For a server; with `clients_of` (an Authority) it wants a client certificate from there."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.set_alpn_protocols(["dot"])
        if clients_of is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients_of.certificate)
        return context


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, parent, name="ca"):
        self.directory = pathlib.Path(parent) / name
        self.directory.mkdir()
        self.certificate = self.directory / "ca.pem"
        self.key = self.directory / "ca.key"
        (self.directory / "index.txt").write_text("")
        self.configuration = self.directory / "ca.cnf"
        self.configuration.write_text(CONFIGURATION.format(directory=self.directory))
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.certificate, "-subj", f"/CN={name}")
        self.issued = 0

    def issue(self, *alternative_names, days=1):
        """Valid from a month ago for `days` from now on; negative: it has expired. Names as in DNS:a.test."""
        self.issued += 1
        stem = self.directory / f"{self.issued}"
        request, certificate, key = (stem.with_suffix(suffix) for suffix in (".csr", ".pem", ".key"))
        names = ("-addext", "subjectAltName=" + ",".join(alternative_names)) if alternative_names else ()
        openssl("req", "-new", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={self.issued}", *names)
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = (moment.strftime("%Y%m%d%H%M%SZ") for moment in
                      (now - datetime.timedelta(days=30), now + datetime.timedelta(days=days)))
        openssl("ca", "-batch", "-notext", "-config", self.configuration, "-cert", self.certificate, "-keyfile",
                self.key, "-in", request, "-out", certificate, "-startdate", begin, "-enddate", end)
        return Identity(certificate, key)

    def client_context(self, identity=None, newest=None):
        """For a client that trusts this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.certificate)
        context.set_alpn_protocols(["dot"])
        if newest is not None:
            context.maximum_version = newest
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        return context


class TlsFakeDns(FakeDns):
    """FakeDns over TLS, on port 853. `context` may be replaced: new connections get the new one."""

    def __init__(self, address, context, handler=None, port=853):
        super().__init__(address, handler, port)
        self.context = context
        self.handshakes = []  # of each: whether the session was resumed
        self.protocols = []  # and what ALPN chose
        self.failures = []

    def _stream(self, stream, peer, number):
        try:
            stream.settimeout(10)
            secure = self.context.wrap_socket(stream, server_side=True)
        except OSError as error:  # ssl.SSLError is one
            with self._lock:
                self.failures.append(str(error))
                self._open.pop(number, None)
            stream.close()
            return
        with self._lock:
            self.handshakes.append(secure.session_reused)
            self.protocols.append(secure.selected_alpn_protocol())
            self._open[number] = secure
        try:
            self._serve(secure, peer, number)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.pop(number, None)
            secure.close()

    def _serve(self, secure, peer, number):
        # An SSL object is for one thread at a time, and answers come from others.
        lock = threading.Lock()
        secure.setblocking(False)

        def send(octets):
            self._send(secure, lock, octets)

        def close():
            try:
                secure.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        received = b""
        while True:
            with lock:
                try:
                    part = secure.recv(65536)
                except ssl.SSLWantReadError:
                    part = None
            if part is None:
                select.select([secure], [], [], 5)
                continue
            if not part:
                return
            received += part
            while len(received) >= 2 and len(received) >= 2 + struct.unpack("!H", received[:2])[0]:
                size = struct.unpack("!H", received[:2])[0]
                wire, received = received[2:2 + size], received[2 + size:]
                seen = self._record(wire, "tcp", peer, number)
                if seen is not None:
                    self._spawn(self._answer, seen, send, close)

    @staticmethod
    def _send(secure, lock, octets):
        left = struct.pack("!H", len(octets)) + octets
        while left:
            with lock:
                try:
                    left = left[secure.send(left):]
                    continue
                except ssl.SSLWantWriteError:
                    pass
                except (OSError, ValueError):
                    return
            select.select([], [secure], [], 5)

    def break_connections(self):
        """Sends octets that are no record on every connection, behind TLS's back."""
        with self._lock:
            streams = list(self._open.values())
        for stream in streams:
            with socket.socket(fileno=socket.dup(stream.fileno())) as raw:
                raw.sendall(b"\x17\x03\x03\x00\x20" + b"\x5a" * 32)


class TlsStream(Stream):
    """A DNS stream over TLS."""

    def __init__(self, context, server=SERVER, port=853, name="dns.test", timeout=5.0, session=None):
        super().__init__(server, port, timeout)
        try:
            self.sock = context.wrap_socket(self.sock, server_hostname=name, session=session,
                                             suppress_ragged_eofs=False)
        except BaseException:
            self.sock.close()
            raise

    def handshake_was_resumed(self):
        return self.sock.session_reused


def tls_ask(context, message, **more):
    """One question over a connection of its own."""
    with TlsStream(context, timeout=5.0 * PATIENCE, **more) as stream:
        stream.send(message)
        return stream.receive()
