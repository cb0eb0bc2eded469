"""Time and memory of the importance-weighted bound.

    python benchmarks/importance_weighted.py --images 300

Bounds log p(x) of binary 28x28 images under a dense VAE (two layers of 300
units, 40 latents, the networks of Burda et al., 2016, without their training,
which the speed does not depend on). Prints images and decoded draws a second,
the time that 10,000 images take at that speed, the same by processor seconds
over all cores (the steadier on a shared machine), and the most memory that the
process held.
"""

import argparse
import os
import resource
import time

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--k", type=int, default=5000)
    parser.add_argument("--images", type=int, default=300)
    options = parser.parse_args()
    model = tfgen.build(
        "vae",
        input_shape=(28, 28, 1),
        latent_dim=40,
        network="mlp",
        network_options={"units": (300, 300)},
        seed=0,
    )
    grey = np.full((options.images, 28, 28, 1), 0.2)
    x = tfgen.metrics.binarized(grey)
    before = peak_memory()
    wall, processor = time.perf_counter(), time.process_time()
    bound = tfgen.metrics.importance_weighted_bound(model, x, k=options.k)
    wall = time.perf_counter() - wall
    processor = (time.process_time() - processor) / os.cpu_count()
    print(f"k = {options.k:,}, {options.images:,} images")
    for name, seconds in (("wall", wall), ("processor", processor)):
        rate = options.images / seconds
        print(
            f"{name}: {seconds:,.1f} s, {rate:,.1f} images/s, "
            f"{rate * options.k:,.0f} draws/s; "
            f"10,000 images: {10_000 / rate / 60:.1f} minutes"
        )
    print(f"memory: {peak_memory():.2f} GiB at most, {before:.2f} before")
    print(
        f"mean {bound.mean:.2f} nats, standard error "
        f"{bound.standard_error:.2f}, of it {bound.monte_carlo_error:.3f} by "
        "the draws"
    )


def peak_memory():
    """GiB that the process held at most so far."""
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes / 2**20


if __name__ == "__main__":
    main()
