"""Pictures of a VAE-GAN beside a VAE, and how smoothly its latents decode.

    python benchmarks/quality.py --only hybrids --seeds 1   # trains them
    python benchmarks/vae_gan_pictures.py                   # draws, a minute

Draws the models of seed 0 that `build/quality` keeps, on the test split, into
docs/pictures. Printed is, over the lines between 500 pairs of test images, how
far the two images of a step are apart, as a share of the distance of the ends.
"""

import argparse
import pathlib

import tfgen  # isort: skip  (loads TensorFlow without its chatter)
import numpy as np
from scoreboard import hybrids
from scoreboard.fashion import load

ROOT = pathlib.Path(__file__).parents[1]
SNEAKER, ANKLE_BOOT = 7, 9
PAIRS = 500
STEPS = 11


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=pathlib.Path, default=ROOT / "docs" / "pictures"
    )
    out = parser.parse_args().out
    folder, test = ROOT / "build" / "quality", load("test")
    models = {
        row: hybrids.trained(folder, 0, **options)[0]
        for row, options in hybrids.MODELS.items()
    }
    larsen = models["VAE-GAN, `larsen`"]
    pictures = {
        "side_by_side": tfgen.pictures.beside_each_other(
            {
                row.replace("`", ""): tfgen.pictures.side_by_side_picture(
                    model, test
                )
                for row, model in models.items()
            }
        ),
        "interpolations": tfgen.pictures.interpolations_picture(larsen, test),
        "arithmetic": tfgen.pictures.arithmetic_picture(
            larsen, test, SNEAKER, ANKLE_BOOT
        ),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        path = out / f"vae_gan_{name}.png"
        tfgen.pictures.write_png(path, picture)
        print(path)
    for row, model in models.items():
        middle, largest = np.quantile(step_sizes(model, test), [0.5, 1.0])
        print(f"{row}: median {middle:.3f}, largest {largest:.3f}")


def step_sizes(model, source):
    """Of each line its longest step, over the distance of its ends."""
    rows = np.random.default_rng(0).permutation(len(source))[: 2 * PAIRS]
    x = source.rows(rows)[0]
    lines = model.interpolate(x[:PAIRS], x[PAIRS:], STEPS)
    lines = lines.reshape(PAIRS, STEPS, -1).astype(np.float64)
    steps = np.linalg.norm(np.diff(lines, axis=1), axis=2)
    ends = np.linalg.norm(lines[:, -1] - lines[:, 0], axis=1)
    return steps.max(axis=1) / ends


if __name__ == "__main__":
    main()
