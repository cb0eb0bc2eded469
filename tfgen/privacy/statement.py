"""What was promised, how it was kept, and what lies outside, in words."""

import typing

from tfgen.privacy.accountant import NEIGHBOURS, accountant

if typing.TYPE_CHECKING:
    from tfgen.models.generative_model import GenerativeModel

SWITCHED_OFF = (
    "starts at the data: principal components, pseudo-inputs and mixtures "
    "begin at random",
    "weights of rows by how rare their values are (given columns of a table)",
    "tfgen fit-prior, which would fit latents of training rows",
)
"""What a training without privacy does with its data."""
OUTSIDE = (
    "the number of rows and all settings: who chose them by looking at the "
    "data, or by a search, has spent more",
    "how data are read, which the model and its exports keep: names, kinds and "
    "bounds of columns, categories, frequent values, formats, means and "
    "standard deviations, squashing, the schema, names and shares of classes",
    "held-out rows: they choose the epoch that is kept and when the training "
    "ends, and give scores of detection (tfgen calibrate); their losses are in "
    "the logs",
    "training losses and accuracies, without noise, in history.csv, loss.png, "
    "tensorboard and checkpoints",
    "checkpoints, which hold the key of noise and samples: with it both can be "
    "taken back; model.keras and exports do not have it",
    "manifest.json, with the fingerprint of the data",
    "what is made of real rows afterwards: evaluation reports, nearest "
    "neighbours, reconstructions, scores",
    "attacks on the arithmetic of 32 bits and on the generator philox, which "
    "is none of cryptography",
)
"""What the promise says nothing of; see docs/privacy.md."""


def statement(model: "GenerativeModel", steps: int | None = None) -> dict:
    """The promise of a model that was trained, as JSON can hold it.

    Args:
        model: with `privacy`.
        steps: of its training; default: those that its weights have behind
            them. A model that was chosen among later ones has spent as much
            as these.

    Example:
    >>> vae = tfgen.build("vae", input_shape=(3,), privacy="epsilon=3")
    >>> vae.compile()
    >>> x = np.random.default_rng(0).normal(size=(90, 3))
    >>> log = vae.fit(x, batch_size=9, epochs=2, verbose=0)
    >>> found = statement(vae)
    >>> found["epsilon promised"], found["steps"], found["sampling"]
    (3.0, 20, 'Poisson, each row with probability 0.1 in each step')
    >>> 2.9 < found["epsilon spent"] <= 3.0
    True
    """
    training = model.private_training
    steps = model.steps_done if steps is None else steps
    probability = training.batch_size / training.rows
    return {
        "epsilon promised": training.privacy.epsilon,
        "epsilon spent": training.epsilon(steps),
        "delta": training.delta,
        "of": NEIGHBOURS,
        "rows": training.rows,
        "batch size": training.batch_size,
        "sampling": f"Poisson, each row with probability {probability:.6g} in "
        "each step",
        "steps": steps,
        "updates of a step": training.updates,
        "clip norm": training.privacy.clip_norm,
        "noise multiplier": training.noise_multiplier,
        "accountant": accountant(),
        "switched off": list(SWITCHED_OFF),
        "outside the promise": list(OUTSIDE),
    }
