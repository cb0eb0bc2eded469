"""Full disks: an error that names the file, and what was there before."""

import contextlib
import subprocess

import saves

import processes

# Writes twice: with room, and without.
TWICE = """
import sys
def repeat(save):
    save()
    sys.stdout.write("saved\\n"); sys.stdout.flush()
    sys.stdin.readline()
    {limit}
    try:
        save()
    except Exception as error:
        from tfgen.cli.output import error_line
        sys.exit("refused: " + error_line(error))
    sys.exit("not refused")
"""
SIZE = 80 * 2**20
NAMES = {
    "checkpoint": "checkpoints/ckpt-2",
    "keras": "model.keras",
    "export": "serving",
    "tuner": "oracle.json",
    "report": "report.html",
}


def measure(folder, options):
    """Each kind of save, and a training, on a disk of 80 MB that is full."""
    refused = {}
    for name, program in saves.PROGRAMS.items():
        with small_disk(folder / name) as limit:
            refused[name] = check(folder / name, name, program, limit)
    with small_disk(folder / "train") as limit:
        refused["tfgen train"] = check_train(folder / "train", limit)
    wrong = [f"{name}: {said}" for name, said in refused.items() if said]
    yield (
        not wrong,
        (
            f"{len(refused) - len(wrong)} of {len(refused)} name the file, "
            f"leave the old one and nothing else ({limit or 'a tmpfs'})"
            + "".join(f"; {line}" for line in wrong)
        ),
    )


@contextlib.contextmanager
def small_disk(folder):
    """A tmpfs; where none may be mounted, files may have no byte more."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs"]
    if subprocess.run([*mount, folder], capture_output=True).returncode:
        yield "RLIMIT_FSIZE"
        return
    try:
        yield None
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    with contextlib.suppress(OSError), open(folder / "filler", "wb", 0) as file:
        while True:
            file.write(bytes(4096))


def files_in(folder):
    paths = [p for p in folder.rglob("*") if p.is_file()]
    return {p: p.stat().st_size for p in paths if p.name != "filler"}


def check(folder, name, program, limit):
    """What is wrong, in words; nothing if all is right."""
    code = "import resource, signal; signal.signal(signal.SIGXFSZ, 1)"
    code += "; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    start = saves.MODEL + TWICE.replace("{limit}", code if limit else "")
    code = start + program.removeprefix(saves.MODEL)
    process = processes.start_code(code, folder, stdin=subprocess.PIPE)
    first = process.stdout.readline()
    if first != "saved\n":
        return process.communicate()[1][-500:]
    before = files_in(folder)
    if not limit:
        fill(folder)
    _, said = process.communicate("go\n")
    said = said.strip().splitlines()[-1]
    if not said.startswith("refused: ") or NAMES[name] not in said:
        return f"said {said!r}"
    if files_in(folder) != before:
        return f"left {sorted(set(files_in(folder)) ^ set(before))}"
    with contextlib.suppress(FileNotFoundError):
        (folder / "filler").unlink()
    return None if saves.CHECKS[name](folder) else "the old one does not load"


def check_train(folder, limit):
    """A run that goes on on a full disk."""
    processes.write_images(folder)
    done = processes.run(processes.train("vae", 1), folder)
    if limit or done.returncode:
        return None if limit else done.stderr[-300:]
    fill(folder)
    done = processes.run((*processes.RESUME, "--epochs", 2), folder)
    lines = [x for x in done.stderr.splitlines() if x.startswith("tfgen: ")]
    full = len(lines) == 1 and "No space left on device" in lines[0]
    if not full or done.returncode != 1 or "run/" not in lines[0]:
        return f"said {done.stderr[-300:]!r}"
    (folder / "filler").unlink()
    hidden = [p for p in (folder / "run").rglob(".*") if p.is_file()]
    if hidden:
        return f"left {hidden}"
    again = processes.run((*processes.RESUME, "--epochs", 2), folder)
    return again.stderr[-300:] if again.returncode else None
