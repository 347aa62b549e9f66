"""NSD, the authoritative server of the laboratory."""

from lab.processes import Process


class Nsd(Process):
    """Serves `zones` (origin -> zone text) on `address`:53."""

    def __init__(self, directory, address, zones, name="nsd"):
        super().__init__(["/usr/sbin/nsd", "-d", "-c", directory / f"{name}.conf"], directory, name)
        self.address = address
        lines = [
            "server:", f'  ip-address: "{address}"', '  username: ""', '  chroot: ""',
            f'  zonesdir: "{directory}"', '  pidfile: ""', f'  xfrdfile: "{directory}/{name}.xfrd"',
            f'  zonelistfile: "{directory}/{name}.zones"', "  server-count: 1", "  rrl-ratelimit: 0",
            "  minimal-responses: yes", "remote-control:", "  control-enable: no"]
        for number, (origin, text) in enumerate(zones.items()):
            zonefile = directory / f"{name}.{number}.zone"
            zonefile.write_text(f"$ORIGIN {origin}\n{text}")
            lines += ["zone:", f'  name: "{origin}"', f'  zonefile: "{zonefile}"']
        (directory / f"{name}.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        super().start()
        self.wait_for_sockets([("udp", self.address, 53), ("tcp", self.address, 53)])
        return self
