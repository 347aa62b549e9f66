"""One run of QEMU: boots, hands on each line of the serial console, ends within its time."""

import subprocess
import threading

# TCG: the host of CI is a virtual machine itself, and Debian's kernel does not start on its nested KVM.
# qemu64: what a plain processor lacks, TCG need not emulate.
QEMU = ("qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64,+rdrand", "-m", "512", "-smp", "1",
        "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio", "-monitor", "none")
# random.trust_cpu: with no disk and no network, there is no other early source of randomness. The rest saves time.
KERNEL = ("console=ttyS0 quiet panic=-1 random.trust_cpu=on nokaslr mitigations=off init_on_alloc=0 apparmor=0 audit=0 "
          "rcupdate.rcu_expedited=1 transparent_hugepage=never cryptomgr.notests no_timer_check")


def boot(kernel, initrd, scenarios, limit, each_line, *, scenario_limit=120, devices=()):
    """Returns whether the machine ended by itself; `each_line` gets the console's lines as they come. Limits are
    seconds, of the machine and of one scenario. `devices` are arguments of QEMU; without them there is no network."""
    command = [*QEMU, *(devices or ("-net", "none")), "-kernel", str(kernel), "-initrd", str(initrd),
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
