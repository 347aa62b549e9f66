#!/usr/bin/python3
"""A cluster in a box: its node's DNS server is killed, hung and cut off, and two clients tell who answered them.

./dev demo runs it. Needs root (network namespaces) and, of Debian 12, iproute2, nftables, iptables, python3 and
python3-dnspython. Everything happens in three network namespaces, which are gone afterwards; nothing else is touched.
docs/how-it-works.md explains what is seen."""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import time

from screen import COLUMN, LogTail, Ticker, paint, say, summary

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

PICTURE = """
    pod 10.244.1.2 ───── node ───── cluster DNS (10.244.2.10, 10.244.2.11)
                          │
                          ├─ 169.254.20.10   node-local-dns, answers "local"
                          └─ 10.96.0.10      the Service of the cluster DNS, answers "cluster"
                                             (rules as kube-proxy writes them, mode {mode})

Two clients ask 169.254.20.10, each with one UDP socket, 200 times a second: one in the pod, one on the node itself.
"""


class Story:
    """What is done to the node, step by step."""

    def __init__(self, node, make_agent, pace):
        self.node = node
        self.pace = pace
        self.make_agent = make_agent
        self.agent = make_agent()
        self.marks = []
        self.next = 0.0

    def step(self, title, action, seconds):
        say(paint(f"------- {title}", "bold"))
        self.marks.append((title, time.monotonic()))
        action()
        self.next += seconds * self.pace
        time.sleep(max(0.0, self.next - time.monotonic()))

    def run(self, zero):
        # Each step begins when the line of the second before it is on the screen.
        self.next = zero + Ticker.MOMENT + 0.05
        time.sleep(self.next - time.monotonic())
        self.step("all is well", lambda: None, 2)
        self.step("kill -9 of the DNS server", self.kill_server, 3)
        self.step("the same, while the agent is held still", self.hold_agent_and_kill_server, 3)
        self.step("the agent is released", lambda: self.agent.send_signal(signal.SIGCONT), 3)
        self.step("kill -STOP of the DNS server: it hangs", self.hang_server, 4)
        self.step("ip link delete nodelocaldns", self.delete_interface, 3)
        self.step("nft flush ruleset", self.flush_rules, 3)
        self.step("kill -9 of the agent", self.kill_agent, 3)
        self.step("a new agent starts", self.start_agent, 3)
        self.step("the agent is told to stop", self.stop_agent, 3)
        self.step("an agent starts again", self.start_agent, 3)
        self.marks.append(("end", time.monotonic()))

    def kill_server(self):
        os.kill(self.agent.wait_serving(), signal.SIGKILL)

    def hold_agent_and_kill_server(self):
        pid = self.agent.wait_serving()
        self.agent.send_signal(signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)

    def hang_server(self):
        os.kill(self.agent.wait_serving(), signal.SIGSTOP)

    def delete_interface(self):
        self.node.host.ip("link", "delete", "nodelocaldns")

    def flush_rules(self):
        """kube-proxy's are gone, too; it writes them again as it does every 30 s, here at once."""
        self.node.host.run("nft", "flush", "ruleset")
        self.node.kube_proxy.sync()

    def kill_agent(self):
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()

    def start_agent(self):
        self.agent = self.make_agent()

    def stop_agent(self):
        self.agent.stop()


def show(options):
    from lab import ours
    from lab.agent import Agent
    from lab.namespaces import remove_orphans
    from lab.node import LOCAL, WHO, Node
    from lab.steady import Steady

    ours.BINARY = options.program.resolve()
    remove_orphans()
    say(PICTURE.format(mode=options.kube_proxy_mode))
    node = Node(options.kube_proxy_mode)
    try:
        node.host.enter()

        def make_agent():
            return Agent(node.directory, "--fallback", options.fallback).start()
        with LogTail(pathlib.Path(node.directory) / "agent.log"):
            story = Story(node, make_agent, options.pace)
            story.agent.wait_serving()
            node.wait_for("local", node.host)
            say()
            say("        " + "  ".join(paint(name, "bold", COLUMN) for name in ("the pod", "the node itself")))
            with Steady(node.pod, LOCAL[4], WHO) as pod, Steady(node.host, LOCAL[4], WHO, reopen=True) as host:
                zero = time.monotonic()
                with Ticker((pod, host), zero):
                    story.run(zero)
            story.agent.stop()
        summary(story.marks, (pod, host), ("pod", "node"))
    finally:
        # A second Ctrl-C must not keep the first from cleaning up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        node.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "node-local-dns")
    parser.add_argument("--kube-proxy-mode", choices=("iptables", "nftables"), default="iptables",
                        help="how the Service of the cluster DNS is served")
    parser.add_argument("--fallback", choices=("auto", "steer", "chain"), default="auto", help="see docs/rules.md")
    parser.add_argument("--pace", type=float, default=1, help="how long each step is watched: 2 is twice as long")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("the demo makes network namespaces: run it as root")
    if not options.program.exists():
        sys.exit(f"{options.program} is not built: ./dev build")
    missing = [name for name in ("ip", "nft", "iptables-nft") if shutil.which(name) is None]
    if missing:
        sys.exit(f"missing programs: {', '.join(missing)} (apt-get install iproute2 nftables iptables)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        show(options)
    except KeyboardInterrupt:
        say("interrupted; all is removed")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
