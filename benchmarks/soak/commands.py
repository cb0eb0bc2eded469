"""Wrong uses of every command: one line and a status other than 0."""

import concurrent.futures
import re
import signal
import time

import processes

RUN = "run"
WRONG = {
    "train": [
        ("vea", "--data", "digits", "--out", "new"),
        ("vae", "--data", "nowhere.csv", "--out", "new"),
        ("vae", "--data", "digits", "--out", RUN),
        ("--resume", "--out", "nowhere"),
        ("vae", "--data", "digits", "--out", "new", "--epochs", "0"),
        ("vae", "--data", "digits"),
    ],
    "launch": [("--hosts", "0", "--", "train"), ("--",)],
    "tune": [
        ("vae", "--data", "digits", "--out", RUN, "--trials", "1"),
        ("vae", "--data", "nowhere.npy", "--out", "new", "--trials", "1"),
    ],
    "fit-prior": [("nowhere",)],
    "sample": [("nowhere", "--out", "s.png"), (RUN, "--out", "s.doc")],
    "evaluate": [("nowhere",), (RUN, "--extractor", "eyes")],
    "score": [("nowhere", "images.npy", "--out", "s.csv"), (RUN, "no.npy")],
    "calibrate": [("nowhere",)],
    "detect": [
        ("nowhere", "images.npy", "--out", "f.csv"),
        (RUN, "images.npy", "--alpha", "2", "--out", "f.csv"),
    ],
    "encode": [("nowhere", "images.npy", "--out", "e.npz")],
    "reconstruct": [("nowhere", "images.npy", "--out", "r.npz")],
    "decode": [(RUN, "images.npy", "--out", "d.npz")],
    "impute": [(RUN, "images.npy", "--out", "i.csv")],
    "export": [("nowhere", "--to", "b"), (RUN, "--to", "images.npy")],
    "verify": [("nowhere",), (RUN,)],
    "serve": [("nowhere",), (RUN,)],
    "serving-kit": [("nowhere", "--out", "kit")],
    "pack": [("nowhere", "--out", "p"), ("digits", "--out", RUN)],
    "schema": [("nowhere.csv",), ("images.npy",)],
    "check": [("nowhere",), ("images.npy",)],
    "info": [("nowhere",)],
}


def measure(folder, options):
    """All wrong uses; and Ctrl-C, after which a run goes on."""
    from tfgen.cli.main import COMMANDS

    names = {command.__name__.replace("_", "-") for command in COMMANDS}
    yield (
        names == set(WRONG),
        f"{len(WRONG)} of {len(names)} commands are tried",
    )
    processes.write_images(folder)
    processes.run(processes.train("vae", 2), folder)
    uses = [(name, *words) for name, all in WRONG.items() for words in all]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda words: processes.run(words, folder), uses))
    wrong = [
        f"{' '.join(words)}: {end.returncode}, {end.stderr[-300:]!r}"
        for words, end in zip(uses, ends, strict=True)
        if not is_one_line(end)
    ]
    for line in wrong:
        print(f"  {line}")
    yield (
        not wrong,
        (
            f"{len(uses) - len(wrong)} of {len(uses)} wrong uses give one line "
            "and a status other than 0"
        ),
    )
    yield from interrupt(folder / "interrupted")


def is_one_line(done):
    """But for the word that TensorFlow is loaded, and Click's usage."""
    lines = [
        line
        for line in done.stderr.splitlines()
        if line and not re.search(r"\(loading TensorFlow\) ...$", line)
    ]
    if done.returncode == 2:
        return lines[0].startswith("Usage: ") and "Traceback" not in done.stderr
    return done.returncode and len(lines) == 1 and lines[0].startswith("tfgen:")


def interrupt(folder):
    folder.mkdir()
    processes.write_images(folder)
    process = processes.start(processes.train("vae", 2000), folder)
    while not (folder / "run/history.csv").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    found = re.search(r"stopped at step ([\d,]+); go on with: tfgen (.+)", err)
    if found is None or process.returncode != 130:
        yield False, f"Ctrl-C: status {process.returncode}, {err[-300:]}"
        return
    process = processes.start(found[2].split(), folder)
    goes_on = f"going on at step {found[1]}\n"
    seen = any(line == goes_on for line in process.stdout)
    process.kill()
    process.communicate()
    yield seen, f"Ctrl-C at step {found[1]}: status 130, and goes on from there"
