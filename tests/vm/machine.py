"""One run of QEMU: boots the archives, hands on each line of the serial console, ends within its time."""

import subprocess
import threading

# TCG: the host of CI is a virtual machine itself, and Debian's kernel does not start on its nested KVM.
QEMU = ("qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64,+rdrand", "-m", "512", "-smp", "1", "-nographic", "-no-reboot",
        "-nodefaults", "-serial", "stdio", "-monitor", "none")
# qemu64: what a plainer processor lacks, TCG need not emulate.
# random.trust_cpu: with no disk and no network, there is no other early source of randomness.
KERNEL = "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on nokaslr"


def boot(kernel, archives, scenarios, limit, each_line, *, scenario_limit=120, devices=()):
    """Returns whether the machine ended by itself; `each_line` gets the console's lines as they come. Limits are
    seconds, of the machine and of one scenario. `devices` are arguments of QEMU; without them there is no network."""
    joined = archives[0].with_name("initrd")
    with open(joined, "wb") as out:
        for archive in archives:
            out.write(archive.read_bytes())
    command = [*QEMU, *(devices or ("-net", "none")), "-kernel", str(kernel), "-initrd", str(joined),
               "-append", f"{KERNEL} nld_scenarios={','.join(scenarios)} nld_limit={scenario_limit}"]
    qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    expired = threading.Event()

    def kill():
        expired.set()
        qemu.kill()
    timer = threading.Timer(limit, kill)
    timer.start()
    try:
        for line in qemu.stdout:
            each_line(line.decode(errors="replace").rstrip("\r\n"))
    finally:
        timer.cancel()
        if qemu.poll() is None:
            qemu.kill()
        qemu.wait()
    return not expired.is_set()
