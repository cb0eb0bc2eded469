"""Modes of two mixtures in the plane that the preset `points_gan` finds."""

from modes import PRESET, SAMPLES, train

from scoreboard.family import Column, Family

MIXTURES = {"ring": "ring of 8", "grid": "grid of 25"}
RING_OF_OTHERS = (
    ("GAN", "6.3", "98.2%", "0.45"),
    ("ALI", "6.6", "97.6%", "0.36"),
    ("Unrolled GAN", "7.6", "35.6%", ""),
    ("VEEGAN", "8", "52.9%", ""),
    ("PacGAN2", "7.9", "95.6%", "0.07"),
    ("PacGAN4", "7.8", "95.9%", "0.07"),
    ("true samples", "8", "98.89%", "0.0014"),
)
GRID_OF_OTHERS = (
    ("GAN", "17.3", "94.8%", "0.70"),
    ("ALI", "24.1", "95.7%", "0.14"),
    ("Unrolled GAN", "23.6", "16%", ""),
    ("VEEGAN", "24.6", "40%", ""),
    ("PacGAN2", "23.8", "91.3%", "0.13"),
    ("PacGAN4", "24.8", "93.6%", "0.04"),
    ("true samples", "25", "98.89%", "0.0048"),
)


def tasks(seed):
    return [
        {"row": row, "seed": seed, "mixture": mixture}
        for mixture, row in MIXTURES.items()
    ]


def measure(folder, seed, mixture, **_):
    run = train(mixture, None, seed)
    return {**run, "minutes": run["seconds"] / 60}


FAMILY = Family(
    name="mixtures",
    title="Mixtures in the plane, modes found",
    protocol=f"""\
The protocol of Lin et al. (2018), "PacGAN", whose numbers are means of ten
trials: 100,000 training points, {SAMPLES:,} samples; a mode is found if a
sample lies within 3 standard deviations of its centre; reverse KL divergence
in nats of the found modes' shares from uniform ones. A share within 3 sd
above that of true samples means modes that are too narrow; `width` is the
root mean square distance of these samples to their centres, over that of true
ones. The preset `{PRESET}`.""",
    columns=(
        Column("modes", "modes", ".1f"),
        Column("within 3 sd", "good", ".1%"),
        Column("KL", "divergence", ".4f"),
        Column("width", "width"),
    ),
    tasks=tasks,
    measure=measure,
    references=tuple(
        (f"{MIXTURES[mixture]}: {name}", *cells, "1" if "true" in name else "")
        for mixture, others in zip(
            MIXTURES, (RING_OF_OTHERS, GRID_OF_OTHERS), strict=True
        )
        for name, *cells in others
    ),
    seeds=10,
)
