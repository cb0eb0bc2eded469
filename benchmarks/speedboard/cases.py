"""What is trained. Without TensorFlow, as the peers' Python reads it too."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Case:
    """A model, its data and how it is trained.

    Attributes:
        name: heading of its row, without the batch size.
        family: `"vae"`, `"gan"` or `"vae_gan"`.
        shape: of one example.
        batch: rows of a step.
        steps: of a turn, which take about a second.
        options: of `tfgen.build`; only what the earlier build has, too.
        adam: learning rate, beta_1 and beta_2 of every network.
        data_range: of the examples, which are normal where it is None.
        penalty: weight of R1 and of R2.
    """

    name: str
    family: str
    shape: tuple[int, ...]
    batch: int
    steps: int
    options: dict
    adam: tuple[float, float, float] = (1e-3, 0.9, 0.999)
    data_range: tuple[float, float] | None = (0.0, 1.0)
    penalty: float = 0.1

    @property
    def row(self) -> str:
        return f"{self.name}, batch {self.batch}"

    @property
    def is_image(self) -> bool:
        return len(self.shape) == 3

    @property
    def likelihood(self) -> str:
        return self.options.get("likelihood", "bernoulli")

    def data(self) -> np.ndarray:
        """Examples of a turn, float32."""
        draw = np.random.default_rng(0)
        shape = (self.batch * self.steps, *self.shape)
        if self.data_range is None:
            return draw.normal(size=shape).astype("float32")
        low, high = self.data_range
        return low + (high - low) * draw.random(shape, dtype=np.float32)


def _mlp(*units):
    return {"network": "mlp", "network_options": {"units": units}}


IMAGE = (28, 28, 1)
DENSE = _mlp(500, 500) | {"latent_dim": 16}
SMALL = _mlp(96, 96, 96)
GAN_ADAM = (1e-3, 0.0, 0.99)
CASES = (
    Case("dense VAE", "vae", IMAGE, 128, 100, DENSE),
    Case("dense VAE", "vae", IMAGE, 32, 200, DENSE),
    Case("dense VAE", "vae", IMAGE, 512, 30, DENSE),
    Case(
        "convolutional VAE",
        "vae",
        IMAGE,
        128,
        30,
        {"network": "conv", "latent_dim": 16},
    ),
    Case(
        "DCGAN",
        "gan",
        IMAGE,
        64,
        15,
        {"network": "dcgan", "latent_dim": 64},
        GAN_ADAM,
        (-1, 1),
    ),
    Case(
        "points GAN",
        "gan",
        (2,),
        128,
        300,
        SMALL | {"latent_dim": 2},
        GAN_ADAM,
        data_range=None,
        penalty=0.05,
    ),
    Case(
        "table VAE",
        "vae",
        (20,),
        128,
        400,
        SMALL | {"latent_dim": 8, "likelihood": "gaussian"},
        data_range=None,
    ),
    Case(
        "VAE-GAN",
        "vae_gan",
        IMAGE,
        64,
        15,
        {"latent_dim": 32},
        (5e-4, 0.5, 0.99),
    ),
    Case(
        "residual VAE",
        "vae",
        IMAGE,
        128,
        10,
        {"network": "resnet", "latent_dim": 16},
    ),
)
SAMPLES = 1024
"""Drawn in a turn, `SAMPLE_BATCH` at a time."""
SAMPLE_BATCH = 256


def case_of(row: str) -> Case:
    return next(case for case in CASES if case.row == row)
