"""Training on data that are larger than the memory.

    python benchmarks/stream.py --data npy pack records folder jpeg

Each kind of data is made in a folder of its own, in `--folder`, and removed
at its end: some 500 colour images of 64x64 (or `--side`, in files of which they
are brought to 64x64), repeated by holes or by hard links
until the files hold `--gb` gigabytes (of folders `--files` images), so that
hardly any room is taken. A process for each kind loads them, and trains a VAE
on a few batches of them and of as many batches in memory, in turn, which is
repeated `--pairs` times.

Printed are the rows, the seconds of wall and processor that loading takes, the
process' peak of resident memory (the memory that is held beside, TensorFlow's
own and the model's included), the processor time of a step in memory and of the
stream, and the rate of the latter beside the former: medians, and the range of
the pairs. Other work of the machine
hardly touches processor time.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

IMAGES = 512
SIDE = 64
IN_MEMORY = 8_192
BATCH_SIZE = 128
AHEAD = 8


def draw(count, side):
    """Smooth colours with grain, as photographs: PNG makes 2/3 of them."""
    import PIL.Image

    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 8, 8, 3), np.uint8)
    size = (side, side)
    smooth = [PIL.Image.fromarray(x).resize(size, 3) for x in coarse]
    grain = rng.normal(0, 6, (count, side, side, 3))
    return np.clip(np.stack(smooth) + grain, 0, 255).astype(np.uint8)


def make_npy(folder, images, size, files):
    """Images, then a hole."""
    rows = int(size) // images[0].nbytes
    path = folder / "images.npy"
    shape = (rows, *images.shape[1:])
    written = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    written[: len(images)] = images
    return path


def make_pack(folder, images, size, files):
    """A pack of many shards, which are one."""
    import tfgen

    path = tfgen.data.pack(tfgen.data.from_arrays(images), folder / "pack")
    told = json.loads((path / "pack.json").read_text())
    (shard,) = told["shards"]
    copies = -(-int(size) // shard["bytes"])
    told["shards"] = [{**shard, "file": f"{i}.tfrecord"} for i in range(copies)]
    for other in told["shards"]:
        os.link(path / shard["file"], path / other["file"])
    (path / "pack.json").write_text(json.dumps(told))
    with np.load(path / "index.npz") as file:
        index = {name: np.tile(file[name], copies) for name in file.files}
    np.savez(path / "index.npz", **index)
    return path


def make_records(folder, images, size, files):
    """Shards of PNG, which are one."""
    import tfgen

    first = folder / "0.tfrecord"
    big = np.concatenate([images] * (16 if len(images[0]) <= SIDE else 1))
    tfgen.data.write_tfrecords(first, big)
    for i in range(1, -(-int(size) // first.stat().st_size)):
        os.link(first, folder / f"{i}.tfrecord")
    return folder


def make_folder(folder, images, size, files, suffix="png"):
    """Files of images in folders of 1,000, linked."""
    import PIL.Image

    for i in range(files):
        file = folder / f"{i // 1000:04}" / f"{i:07}.{suffix}"
        if i < len(images):
            file.parent.mkdir(exist_ok=True)
            PIL.Image.fromarray(images[i]).save(file)
            continue
        if i % 1000 == 0:
            file.parent.mkdir()
        first = i % len(images)
        os.link(folder / f"0000/{first:07}.{suffix}", file)
    return folder


def make_jpeg(folder, images, size, files):
    return make_folder(folder, images, size, files, "jpg")


MAKERS = {
    "npy": make_npy,
    "pack": make_pack,
    "records": make_records,
    "folder": make_folder,
    "jpeg": make_jpeg,
}


def peak_memory():
    """Bytes; `ru_maxrss` of a new process begins with its parent's."""
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def seconds_of_steps(model, data, steps):
    """Processor time of a step, once batches are as far ahead as they get."""
    import keras

    class Clock(keras.callbacks.Callback):
        seen = ()

        def on_train_batch_end(self, batch, logs=None):
            self.seen = (*self.seen, time.process_time())

    clock, count = Clock(), AHEAD + steps
    model.fit(data, steps_per_epoch=count, verbose=0, callbacks=[clock])
    return (clock.seen[-1] - clock.seen[AHEAD - 1]) / steps


def measure(kind, path, networks, pairs, steps):
    """What is printed of one kind of data, for each network."""
    import tfgen

    began, processor = time.monotonic(), time.process_time()
    size = None if kind in ("npy", "pack") else SIDE
    source = tfgen.data.load(path, "all", image_size=size)
    found = {
        "data": kind,
        "rows": len(source),
        "load": time.monotonic() - began,
        "load_processor": time.process_time() - processor,
    }
    some = source.take(IN_MEMORY).storage.read(np.arange(IN_MEMORY))
    in_memory = tfgen.data.from_arrays(some)
    batches = [s.batches(BATCH_SIZE) for s in (in_memory, source)]
    if batches[1].in_memory:
        raise SystemExit("pass a larger --gb or --files: they fit the memory")
    for network in networks:
        model = tfgen.build(
            "vae", input_shape=source.shape, latent_dim=16, network=network
        )
        model.compile("adam", steps_per_execution=1)
        seconds = [[], []]
        for pair in range(pairs + 1):
            for times, data in zip(seconds, batches, strict=True):
                step_seconds = seconds_of_steps(model, data, steps)
                if pair:  # the first compiles
                    times.append(step_seconds)
        ratios = [a / b for a, b in zip(*seconds, strict=True)]
        steps_of = [statistics.median(times) for times in seconds]
        rate = [min(ratios), statistics.median(ratios), max(ratios)]
        yield {
            **found,
            "network": network,
            "steps": steps_of,
            "rate": rate,
            "memory": peak_memory(),
        }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", nargs="+", default=list(MAKERS))
    parser.add_argument("--gb", type=float, default=20.0)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--networks", nargs="+", default=["mlp", "conv"])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measured = json.loads(options.measure)
        for found in measure(*measured, options.pairs, options.steps):
            print(row(found), flush=True)
        return
    print(
        "| data | network | rows | loading, s (processor) | peak, GiB | step "
        "in memory, ms | streamed, ms | rate |\n" + 8 * "|---" + "|",
        flush=True,
    )
    images = draw(IMAGES, options.side)
    for kind in options.data:
        folder = pathlib.Path(tempfile.mkdtemp("-stream", dir=options.folder))
        try:
            size = options.gb * 1e9
            path = MAKERS[kind](folder, images, size, options.files)
            run(options, [kind, str(path), options.networks])
        finally:
            shutil.rmtree(folder)


def run(options, measured):
    """Measures in a process of its own, which holds nothing else."""
    command = [sys.executable, __file__, "--measure", json.dumps(measured)]
    command += ["--pairs", str(options.pairs), "--steps", str(options.steps)]
    subprocess.run(command, check=True)


def row(found):
    low, rate, high = found["rate"]
    in_memory, streamed = found["steps"]
    return (
        f"| {found['data']} | {found['network']} | {found['rows']:,} | "
        f"{found['load']:.1f} ({found['load_processor']:.1f}) | "
        f"{found['memory'] / 2**30:.2f} | {in_memory * 1e3:.0f} | "
        f"{streamed * 1e3:.0f} | {rate:.2f} ({low:.2f} to {high:.2f}) |"
    )


if __name__ == "__main__":
    main()
