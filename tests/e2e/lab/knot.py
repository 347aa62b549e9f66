"""Knot DNS as the authority of a signed zone."""

import dns.message
import dns.query

from lab.processes import Process
from lab.waiting import wait_until


class Knot(Process):
    """Serves one zone, signed by itself with fresh keys, on `address`:53."""

    def __init__(self, directory, address, origin, text, name="knot"):
        super().__init__(["/usr/sbin/knotd", "-c", directory / f"{name}.conf"], directory, name)
        self.address = address
        self.origin = origin
        store = directory / name
        store.mkdir()
        (store / "zone").write_text(f"$ORIGIN {origin}\n{text}")
        (directory / f"{name}.conf").write_text(f"""
server:
    rundir: "{store}"
    listen: "{address}@53"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{store}"
    journal-db-max-size: 16M
    kasp-db-max-size: 16M
    timer-db-max-size: 2M
log:
  - target: stderr
    any: info
policy:
  - id: one-key
    algorithm: ECDSAP256SHA256
    single-type-signing: on
zone:
  - domain: "{origin}"
    storage: "{store}"
    file: zone
    dnssec-signing: on
    dnssec-policy: one-key
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
""")

    def start(self):
        super().start()
        self.wait_for_sockets([("udp", self.address, 53), ("tcp", self.address, 53)])
        return self

    def keys(self):
        """The zone's DNSKEY records as text lines, for a validator's trust anchor."""
        def fetch():
            query = dns.message.make_query(self.origin, "DNSKEY", want_dnssec=True)
            answer = dns.query.udp(query, self.address, timeout=1)
            return [line for rrset in answer.answer if rrset.rdtype == dns.rdatatype.DNSKEY
                    for line in rrset.to_text().splitlines()]
        return wait_until(fetch, 15, f"signed keys of {self.origin}")
