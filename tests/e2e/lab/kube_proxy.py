"""Writes the Service rules of the cluster DNS as kube-proxy does, in each of its modes that this kernel knows.

Sources: kube-proxy, pkg/proxy/iptables/proxier.go and pkg/proxy/nftables/proxier.go (1.31), with a cluster CIDR,
so that what does not come from a pod is masqueraded."""

import base64
import hashlib

POD_NETWORK = {4: "10.244.0.0/16", 6: "fd00:10:244::/48"}
PORTS = (("dns", "udp"), ("dns-tcp", "tcp"))
PROGRAM = {(4, "nft"): "iptables-nft", (6, "nft"): "ip6tables-nft",
           (4, "legacy"): "iptables-legacy", (6, "legacy"): "ip6tables-legacy"}
KUBE_CHAINS = ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ")


def chain_hash(*words):
    return base64.b32encode(hashlib.sha256("".join(words).encode()).digest()).decode()[:16]


def service_chain(port, protocol, service="kube-system/kube-dns"):
    return "KUBE-SVC-" + chain_hash(f"{service}:{port}", protocol)


def endpoint_text(address):
    return f"[{address}]:53" if ":" in address else f"{address}:53"


class KubeProxy:
    """`cluster_ips` and `endpoints` by family (4, 6). `sync` writes everything, as a restarted kube-proxy
    does; `remove` takes it all away, as `kube-proxy --cleanup` does."""

    def __init__(self, space, mode, backend, cluster_ips, endpoints):
        assert mode in ("iptables", "nftables", "none")
        self.space = space
        self.mode = mode
        self.backend = backend
        self.cluster_ips = cluster_ips
        self.endpoints = endpoints

    def sync(self):
        for family in self.cluster_ips:
            if self.mode == "iptables":
                self.restore(family, self.filter_table(family))
                self.restore(family, self.nat_table(family))
            elif self.mode == "nftables":
                self.space.run("nft", "-f", "-", stdin=self.nftables(family))

    def restore(self, family, text):
        self.space.run(f"{PROGRAM[family, self.backend]}-restore", "--noflush", "--wait", "5", stdin=text)

    def remove(self):
        for family in self.cluster_ips:
            if self.mode == "iptables":
                program = PROGRAM[family, self.backend]
                for table in ("nat", "filter"):
                    self.space.run(program, "--wait", "5", "-t", table, "-F")
                    self.space.run(program, "--wait", "5", "-t", table, "-X")
            elif self.mode == "nftables":
                self.space.run("nft", f"delete table {table_family(family)} kube-proxy")

    def change_mode(self, mode):
        """As when the node's kube-proxy is restarted with another --proxy-mode, which cleans up the old one."""
        self.remove()
        self.mode = mode
        self.sync()

    # iptables mode.

    @staticmethod
    def filter_table(_family):
        """KUBE-FORWARD drops what conntrack calls invalid: a trap for rules that hide packets from it."""
        return "\n".join([
            "*filter", ":KUBE-FORWARD - [0:0]",
            '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
            "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
            '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 '
            "-j ACCEPT",
            '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack '
            "--ctstate RELATED,ESTABLISHED -j ACCEPT",
            "COMMIT", ""])

    def nat_table(self, family):
        address, bits = self.cluster_ips[family], 32 if family == 4 else 128
        chains, rules = list(KUBE_CHAINS), [
            '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
            '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
            '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
            "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000",
            "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
            "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
            '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE '
            "--random-fully"]
        for port, protocol in PORTS:
            service = service_chain(port, protocol)
            name = f"kube-system/kube-dns:{port}"
            chains.append(service)
            rules.append(f'-A KUBE-SERVICES -m comment --comment "{name} cluster IP" -m {protocol} -p {protocol} '
                         f"-d {address}/{bits} --dport 53 -j {service}")
            rules.append(f'-A {service} -m comment --comment "{name} cluster IP" -m {protocol} -p {protocol} '
                         f"-d {address}/{bits} --dport 53 ! -s {POD_NETWORK[family]} -j KUBE-MARK-MASQ")
            endpoints = self.endpoints[family]
            for number, endpoint in enumerate(endpoints):
                target = "KUBE-SEP-" + chain_hash(name, protocol, endpoint_text(endpoint))
                chains.append(target)
                left = len(endpoints) - number
                share = f"-m statistic --mode random --probability {1 / left:0.10f} " if left > 1 else ""
                comment = f'-m comment --comment "{name}'
                rules += [f'-A {service} {comment} -> {endpoint_text(endpoint)}" {share}-j {target}',
                          f'-A {target} {comment}" -s {endpoint}/{bits} -j KUBE-MARK-MASQ',
                          f'-A {target} {comment}" -m {protocol} -p {protocol} -j DNAT --to-destination '
                          f"{endpoint_text(endpoint)}"]
        rules.append('-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the '
                     'last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS')
        return "\n".join(["*nat", *(f":{chain} - [0:0]" for chain in chains), *rules, "COMMIT", ""])

    # nftables mode.

    def nftables(self, family):
        address, ip = self.cluster_ips[family], "ip" if family == 4 else "ip6"
        elements, chains = [], []
        for port, protocol in PORTS:
            name = f"kube-system/kube-dns/{protocol}/{port}"
            tag = chain_hash("kube-system/kube-dns:", port, protocol)[:8]
            service = f"service-{tag}-{name}"
            elements.append(f"{address} . {protocol} . 53 : goto {service}")
            targets = []
            for endpoint in self.endpoints[family]:
                target = f"endpoint-{chain_hash(name, endpoint)[:8]}-{name}__{endpoint.replace(':', '.')}/53"
                targets.append(target)
                chains.append(f"chain {target} {{ {ip} saddr {endpoint} jump mark-for-masquerade; "
                              f"meta l4proto {protocol} dnat to {endpoint_text(endpoint)}; }}")
            verdicts = ", ".join(f"{number} : goto {target}" for number, target in enumerate(targets))
            chains.append(f"chain {service} {{ {ip} daddr {address} {protocol} dport 53 {ip} saddr != "
                          f"{POD_NETWORK[family]} jump mark-for-masquerade; "
                          f"numgen random mod {len(targets)} vmap {{ {verdicts} }}; }}")
        key = f"type {table_type(family)} . inet_proto . inet_service : verdict"
        return f"""table {ip} kube-proxy
delete table {ip} kube-proxy
table {ip} kube-proxy {{
  comment "rules for kube-proxy"
  set cluster-ips {{ type {table_type(family)}; comment "Active ClusterIPs"; elements = {{ {address} }} }}
  map no-endpoint-services {{ {key}; comment "vmap to drop or reject packets to services with no endpoints"; }}
  chain mark-for-masquerade {{ meta mark set meta mark or 0x4000; }}
  chain masquerading {{
    meta mark and 0x4000 == 0 return
    meta mark set meta mark xor 0x4000
    masquerade fully-random
  }}
  {chr(10).join(chains)}
  map service-ips {{ {key}; comment "ClusterIP, ExternalIP and LoadBalancer IP traffic";
    elements = {{ {", ".join(elements)} }} }}
  chain service-endpoints-check {{ {ip} daddr . meta l4proto . th dport vmap @no-endpoint-services; }}
  chain cluster-ips-check {{
    {ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
  }}
  chain services {{ {ip} daddr . meta l4proto . th dport vmap @service-ips; }}
  chain filter-input {{ type filter hook input priority -110; ct state new jump service-endpoints-check; }}
  chain filter-forward {{
    type filter hook forward priority -110;
    ct state new jump service-endpoints-check
    ct state new jump cluster-ips-check
  }}
  chain filter-output {{ type filter hook output priority -110; ct state new jump service-endpoints-check; }}
  chain filter-output-post-dnat {{ type filter hook output priority -90; ct state new jump cluster-ips-check; }}
  chain nat-prerouting {{ type nat hook prerouting priority dstnat; jump services; }}
  chain nat-output {{ type nat hook output priority -100; jump services; }}
  chain nat-postrouting {{ type nat hook postrouting priority srcnat; jump masquerading; }}
}}
"""


def table_family(family):
    return "ip" if family == 4 else "ip6"


def table_type(family):
    return "ipv4_addr" if family == 4 else "ipv6_addr"
