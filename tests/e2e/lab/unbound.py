"""Unbound, the recursive (and validating) resolver of the laboratory."""

from lab.processes import Process


class Unbound(Process):
    """Resolves on `address`:53; `stubs` maps zones to authoritative addresses, `anchors` are DNSKEY lines,
    `options` lines of the server section."""

    def __init__(self, directory, address, stubs, anchors=(), name="unbound", options=()):
        super().__init__(["/usr/sbin/unbound", "-d", "-d", "-p", "-c", directory / f"{name}.conf"],
                         directory, name)
        self.address = address
        lines = [
            "server:", f'  interface: {address}', '  username: ""', '  chroot: ""', '  pidfile: ""',
            f'  directory: "{directory}"', "  use-syslog: no", "  num-threads: 1", "  do-not-query-localhost: no",
            "  access-control: 0.0.0.0/0 allow", "  so-rcvbuf: 0", "  outgoing-range: 64",
            '  module-config: "' + ("validator " if anchors else "") + 'iterator"',
            "  local-zone: test. nodefault", "  minimal-responses: yes", "  ede: yes"]
        lines += [f'  trust-anchor: "{line}"' for line in anchors]
        lines += [f"  {line}" for line in options]
        for zone, authority in stubs.items():
            lines += ["stub-zone:", f'  name: "{zone}"', f"  stub-addr: {authority}", "  stub-prime: no"]
        lines += ["remote-control:", "  control-enable: no"]
        (directory / f"{name}.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        super().start()
        self.wait_for_sockets([("udp", self.address, 53), ("tcp", self.address, 53)])
        return self
