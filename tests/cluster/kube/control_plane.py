"""etcd and kube-apiserver, as little of them as kube-proxy needs, on the loopback of one namespace."""

import shutil
import subprocess
import tempfile

from kube.api import PORT, TOKEN, Api
from lab.processes import Process

ETCD = "http://127.0.0.1:2379"
SERVICES = "10.96.0.0/16,fd00:10:96::/112"
DUAL_STACK = "--feature-gates=IPv6DualStack=true"  # still behind a gate in 1.20

KUBECONFIG = f"""apiVersion: v1
kind: Config
clusters: [{{name: lab, cluster: {{server: "https://%s:{PORT}", insecure-skip-tls-verify: true}}}}]
users: [{{name: lab, user: {{token: {TOKEN}}}}}]
contexts: [{{name: lab, context: {{cluster: lab, user: lab}}}}]
current-context: lab
"""


class ControlPlane:
    """Starts in the namespace `space`; `address` is the node's own, which the server tells as its own too."""

    def __init__(self, programs, space, address):
        # Memory: etcd waits for the disk at each write.
        self.directory = tempfile.mkdtemp(prefix="nld-cluster-", dir="/dev/shm")
        self.space = space
        self.api = Api()
        self.kubeconfig = f"{self.directory}/kubeconfig"
        with open(self.kubeconfig, "w", encoding="utf-8") as out:
            out.write(KUBECONFIG % "127.0.0.1")
        with open(f"{self.directory}/tokens", "w", encoding="utf-8") as out:
            out.write(f"{TOKEN},lab,lab,system:masters\n")
        key = f"{self.directory}/service-account.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        self.etcd = Process(["etcd", "--data-dir", f"{self.directory}/etcd", "--listen-client-urls", ETCD,
                             "--advertise-client-urls", ETCD, "--listen-peer-urls", "http://127.0.0.1:2380",
                             "--logger", "zap"], self.directory, "etcd")
        self.server = Process(
            [programs / "kube-apiserver", "--etcd-servers", ETCD, "--secure-port", PORT,
             "--bind-address", "127.0.0.1", "--advertise-address", address, "--cert-dir", f"{self.directory}/certs",
             "--service-cluster-ip-range", SERVICES, "--token-auth-file", f"{self.directory}/tokens",
             "--authorization-mode", "AlwaysAllow", "--disable-admission-plugins", "ServiceAccount",
             "--service-account-issuer", "https://lab", "--service-account-signing-key-file", key,
             "--service-account-key-file", key, "--endpoint-reconciler-type", "none", DUAL_STACK],
            self.directory, "kube-apiserver")

    def start(self):
        with self.space.inside():
            self.etcd.start()
            self.etcd.wait_for_sockets([("tcp", "127.0.0.1", 2379)], timeout=30)
            self.server.start()
            try:
                self.api.wait_ready()
            except TimeoutError as error:
                raise TimeoutError(f"{error}\n{self.server.text()[-3000:]}") from None
        return self

    def stop(self):
        for process in (self.server, self.etcd):
            try:
                process.stop(timeout=15)
            except subprocess.TimeoutExpired:
                pass  # it is killed then, and its data go anyway
        shutil.rmtree(self.directory, ignore_errors=True)
