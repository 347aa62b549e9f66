"""The real kube-proxy in iptables mode, with the backend of iptables that the test chooses."""

import pathlib
import shutil

from kube.control_plane import DUAL_STACK
from lab.metrics import scrape
from lab.processes import Process
from lab.waiting import wait_until

METRICS = "127.0.0.1:10249"
PODS = "10.244.0.0/16,fd00:10:244::/48"


def shim(directory, backend):
    """A folder in which `iptables` and its kin are those of `backend`: kube-proxy calls them by these names."""
    folder = pathlib.Path(directory) / f"iptables-{backend}"
    folder.mkdir(exist_ok=True)
    for family in ("iptables", "ip6tables"):
        for tail in ("", "-save", "-restore"):
            link = folder / f"{family}{tail}"
            if not link.exists():
                link.symlink_to(shutil.which(f"{family}-{backend}{tail}", path="/usr/sbin:/sbin"))
    return folder


class KubeProxy(Process):
    """Runs in the namespace `space`. `resync` is how often it looks after its rules, and how soon it tries again
    after a failure; 30 s by default, which would make tests slow."""

    def __init__(self, programs, plane, space, backend, name="node", resync="2s"):
        command = [programs / "kube-proxy", "--kubeconfig", plane.kubeconfig, "--proxy-mode", "iptables",
                   "--hostname-override", name, "--cluster-cidr", PODS, "--iptables-sync-period", resync,
                   # The tables' sizes are the machine's, not a namespace's to set.
                   "--conntrack-max-per-core", "0", "--conntrack-min", "0",
                   "--conntrack-tcp-timeout-established", "0", "--conntrack-tcp-timeout-close-wait", "0",
                   "--healthz-bind-address", "127.0.0.1:10256", "--metrics-bind-address", METRICS, DUAL_STACK]
        folder = shim(plane.directory, backend)
        super().__init__(command, plane.directory, f"kube-proxy-{backend}", {"PATH": f"{folder}:/usr/sbin:/usr/bin"})
        self.space = space
        self.backend = backend

    def start(self):
        with self.space.inside():
            return super().start()

    def rules(self, family=4, table="nat"):
        program = "iptables" if family == 4 else "ip6tables"
        return self.space.run(f"{program}-{self.backend}-save", "-t", table).splitlines()

    def wait_rules(self, condition, what, family=4, timeout=20.0):
        """Until the nat table's lines satisfy `condition`; returns them."""
        def holds():
            if not self.running():
                raise RuntimeError(f"kube-proxy ended with {self.child.returncode}:\n{self.text()[-3000:]}")
            lines = self.rules(family)
            return condition(lines) and lines
        try:
            return wait_until(holds, timeout, what, interval=0.1)
        except TimeoutError as error:
            raise TimeoutError(f"waited {timeout} s for {what}; kube-proxy says:\n{self.text()[-3000:]}") from error

    def wait_service(self, address, family=4, timeout=20.0):
        """Until there is a rule for the cluster IP that leads to endpoints."""
        return self.wait_rules(lambda lines: any(f"-d {address}/" in line and "-j KUBE-SVC-" in line
                                                 for line in lines),
                               f"kube-proxy's rule for {address}", family, timeout)

    def failures(self):
        """How often its iptables-restore failed."""
        return int(scrape(METRICS).value("kubeproxy_sync_proxy_rules_iptables_restore_failures_total"))

    def syncs(self):
        """How often it wrote its rules, of either family."""
        return int(scrape(METRICS).value("kubeproxy_sync_proxy_rules_duration_seconds_count"))

    def ask_for_resync(self):
        """Takes away the chains by which it sees that somebody flushed the tables: it writes everything again."""
        program = f"iptables-{self.backend}"
        for table in ("mangle", "nat", "filter"):
            self.space.run(program, "--wait", "5", "-t", table, "-X", "KUBE-PROXY-CANARY")
