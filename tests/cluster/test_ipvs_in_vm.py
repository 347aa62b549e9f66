"""A real kube-proxy in ipvs mode, which needs a kernel with IPVS: Debian's, in a virtual machine. The control plane
stays outside; the machine reaches it through QEMU's own network stack, which knows this namespace's loopback."""

import pathlib

import archives
import image
import kernel
import machine
from kube.cluster import DNS_ENDPOINTS
from kube.control_plane import KUBECONFIG
from lab.ours import BINARY
from verdict import Verdict

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build/vm"
SCENARIO = "real_kube_proxy"
OUTSIDE = "10.0.2.2"  # the loopback of QEMU's namespace, as the machine sees it
DEVICES = ("-netdev", "user,id=api", "-device", "virtio-net-pci,netdev=api,romfile=")
MACHINE_LIMIT = 420  # seconds
LIMIT = MACHINE_LIMIT + 30


def archive_of_kube_proxy(cluster):
    target = CACHE / "kube-proxy.cpio"
    image.write_more(target, {"/usr/bin/kube-proxy": cluster.programs / "kube-proxy",
                              "/usr/bin/ipset": image.find_program("ipset")},
                     {"/lab/kubeconfig": KUBECONFIG % OUTSIDE,
                      f"/lab/scenarios/{SCENARIO}.sh": (HERE / f"guest/{SCENARIO}.sh").read_text()})
    return target


def test_kube_proxy_in_ipvs_mode(cluster, figure):
    CACHE.mkdir(parents=True, exist_ok=True)
    release = kernel.unpacked(CACHE)
    initrd = archives.join(CACHE / "initrd.kube-proxy", archives.system(CACHE, release),
                           archives.tested(CACHE, BINARY), archive_of_kube_proxy(cluster))
    services = []
    wishes = {"ASK endpoints none": lambda: cluster.kube_dns.set_endpoints([]),
              "ASK endpoints all": lambda: cluster.kube_dns.set_endpoints(DNS_ENDPOINTS),
              "ASK service": lambda: services.append(cluster.service("default", "web", ["10.96.8.8"],
                                                                     (("web", "TCP", 80),), ["10.244.2.77"]))}
    verdict = Verdict([SCENARIO], verbose=True)

    def each_line(line):
        verdict.line(line)
        if line in wishes:
            wishes[line]()
    try:
        ended = machine.boot(kernel.image(release), initrd, [SCENARIO], MACHINE_LIMIT, each_line,
                             scenario_limit=MACHINE_LIMIT, devices=DEVICES)
    finally:
        for one in services:
            one.delete()
        cluster.kube_dns.set_endpoints(DNS_ENDPOINTS)
    figure(verdict.summary())
    assert ended, "the machine was killed"
    assert verdict.good(), verdict.summary()
