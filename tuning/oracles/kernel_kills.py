"""How often the kernel has ended a process because memory ran out."""

import pathlib

PROC = pathlib.Path("/proc")
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def count_kernel_kills() -> dict[str, int]:
    """Counters of the kernel's out-of-memory killer, by file.

    Those of the machine and of this process's control group, as far as they
    can be read; none on a system without them.

    Returns:
        The counters, and under `"boot"` a number that differs after a reboot,
        which sets the counters back.
    """
    counters = {}
    for path in (PROC / "vmstat", *_of_the_control_group()):
        text = _text(path)
        for line in text.splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill" and value.strip().isdigit():
                counters[str(path)] = int(value)
    boot = _text(PROC / "sys/kernel/random/boot_id").strip().replace("-", "")
    if counters and boot:
        counters["boot"] = int(boot, 16)
    return counters


def kernel_killed_since(before: dict[str, int]) -> bool:
    """Whether a counter has risen since `before`, on the same boot."""
    now = count_kernel_kills()
    if before.get("boot") != now.get("boot"):
        return False
    return any(now[path] > before.get(path, now[path]) for path in now)


def _of_the_control_group():
    for line in _text(PROC / "self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        group = group.lstrip("/")
        if not controllers:
            yield CGROUPS / group / "memory.events"
            yield CGROUPS / "unified" / group / "memory.events"
        elif "memory" in controllers.split(","):
            yield CGROUPS / "memory" / group / "memory.oom_control"


def _text(path):
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
