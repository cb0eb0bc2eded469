"""Damaged checkpoints are named, and the one before them used."""

import random
import shutil

import processes

HOW_OFTEN = 5


def truncate(file, moments):
    file.write_bytes(
        file.read_bytes()[: moments.randrange(file.stat().st_size)]
    )


def zero(file, moments):
    size = file.stat().st_size
    file.write_bytes(bytes(size))


def flip(file, moments):
    content = bytearray(file.read_bytes())
    content[moments.randrange(len(content))] ^= 1 << moments.randrange(8)
    file.write_bytes(content)


def empty(file, moments):
    file.write_bytes(b"")


def remove(file, moments):
    file.unlink()


KINDS = {
    "truncated": truncate,
    "zeroed": zero,
    "bit-flipped": flip,
    "empty": empty,
    "missing": remove,
}


def measure(folder, options):
    """Five of each kind, by `tfgen check`; one of each goes on."""
    processes.write_images(folder)
    often = processes.train("vae", 3, "--checkpoint-every", 0)
    done = processes.run(often, folder)
    if done.returncode:
        yield False, done.stderr
        return
    moments, newest = random.Random(options.seed), "ckpt-15"
    for kind, damage in KINDS.items():
        named = 0
        for number in range(HOW_OFTEN):
            copy = folder / f"{kind}_{number}"
            copy.mkdir()
            processes.write_images(copy)
            shutil.copytree(folder / "run", copy / "run")
            files = sorted((copy / "run/checkpoints").glob(f"{newest}.*"))
            files = [file for file in files if file.suffix != ".sha256"]
            damage(files[moments.randrange(len(files))], moments)
            done = processes.run(("check", "run"), copy)
            lines = [x for x in done.stdout.splitlines() if "DAMAGED" in x]
            found = len(lines) == 1 and newest in lines[0]
            named += found and done.returncode == 1
        done = processes.run((*processes.RESUME, "--epochs", 4), copy)
        goes_on = not done.returncode and f"checkpoint {newest}:" in done.stderr
        yield (
            named == HOW_OFTEN and goes_on,
            (
                f"{kind}: {named} of {HOW_OFTEN} named by tfgen check; "
                f"resumed from the one before: "
                f"{'yes' if goes_on else done.stderr[-300:]}"
            ),
        )
    for file in (copy / "run/checkpoints").glob("ckpt-*.index"):
        flip(file, moments)
    done = processes.run((*processes.RESUME, "--epochs", 5), copy)
    refused = "is whole" in done.stderr and done.returncode == 1
    yield refused, "none whole: an error, no fresh start"
