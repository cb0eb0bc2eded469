"""The earlier build, the peers' Python, and what says which build this is."""

import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "speed_peers.txt"


def taken_out(commit, folder):
    """The tree of a commit, as a folder that Python finds `tfgen` in."""
    if folder.exists():
        return folder
    tree = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    unfinished = folder.with_suffix(".unfinished")
    with tarfile.open(fileobj=io.BytesIO(tree.stdout)) as archive:
        archive.extractall(unfinished, filter="data")
    for name in ("export", "tuning"):  # where installing would put them
        (unfinished / "tfgen" / name).symlink_to(folder / name)
    os.replace(unfinished, folder)
    return folder


def peers_python(folder):
    """A Python that has what `speed_peers.txt` names, made where there is none.

    Made anew where the file changed.
    """
    python, done = folder / "bin" / "python", folder / "installed.txt"
    wanted = PEERS.read_text()
    if not done.exists() or done.read_text() != wanted:
        print(f"Installing the peers into {folder}", flush=True)
        venv = [sys.executable, "-m", "venv", "--clear", folder]
        subprocess.run(venv, check=True)
        install = [python, "-m", "pip", "install", "-qq", "-r", PEERS]
        subprocess.run(install, check=True)
        done.write_text(wanted)
    return python


def build_hash():
    """Which tfgen is measured: eight digits that change with its code."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "tfgen").rglob("*.py")):
        found.update(str(path.relative_to(ROOT)).encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:8]


def processor():
    """Name of the processor, and how many this process may use."""
    name = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [x.split(": ")[1] for x in lines if x.startswith("model name")]
        flags = next((x for x in lines if x.startswith("flags")), "").split()
        units = [f for f in ("avx512_bf16", "amx_bf16") if f in flags]
        name = " with ".join([*names[:1], *([", ".join(units)] * bool(units))])
    return f"{len(os.sched_getaffinity(0))} x {name}"
