from collections.abc import Callable

import numpy as np

from tfgen.callbacks.sample_comparison import fixed_examples, plain_features
from tfgen.callbacks.training_warnings import HealthWatch
from tfgen.data import Source
from tfgen.metrics.encoder_inputs import encoder_inputs, has_own_prior
from tfgen.metrics.neighbors import ball_radii

KIND = "unused latents"
# Nats. Healthy: from 1.1 (digits with their class told); collapsed: below 0.3.
LEAST_KL = 0.5
ACTIVE_VARIANCE = 0.01
LEAST_EPOCH = 3
LEAST_STEPS = 200
# How much nearer neighbours are than in rows whose values were exchanged.
# 500 rows of independent columns: up to 1.14 (of two columns); tables, points
# and images: from 1.4.
LEAST_STRUCTURE = 1.2
LEAST_COUNT = 50
TINY = 1e-12


class LatentHealth(HealthWatch):
    """Warns of a model that ignores its latents (posterior collapse).

    For models with an encoder: `VAE` and `VAEGAN`. Such a model reconstructs
    one and the same mean of all examples, whatever its loss says.

    After each epoch it looks at the KL term of held-out examples and warns,
    once until the sign is gone for 5 epochs, where from the third epoch on and
    for 200 steps it is below half a nat. Where latents have nothing to tell it
    is silent: where held-out examples (of each class, if the model is told
    the class) have no nearer neighbours than rows whose every value is of
    another example, or are fewer than 50.

    Args:
        data: held-out data, a `tfgen.data.Source` or an array of examples in
            the model's range.
        num_examples: most held-out examples.
        path: path of a text file that keeps the warnings, such as
            `run/warnings.txt`; a resumed training goes on with it.
        seed: seed of the choice of examples.
        report: function of a text, instead of `warnings.warn` with
            `TrainingWarning`.

    Raises:
        ValueError: in `fit`, for a model without an encoder.

    Example:
    >>> held_out = tfgen.data.load("digits", "validation")
    >>> health = tfgen.callbacks.LatentHealth(held_out, path="run/warnings.txt")
    >>> vae.fit(train, epochs=20, callbacks=[health])  # doctest: +SKIP
    """

    def __init__(
        self,
        data: Source | np.ndarray,
        num_examples: int = 500,
        path=None,
        seed: int = 0,
        report: Callable[[str], None] | None = None,
    ):
        super().__init__(path, report)
        self.data = data
        self.num_examples = num_examples
        self.seed = seed
        self._examples = self._has_structure = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.model.encodes:
            raise ValueError(
                f"LatentHealth got a {type(self.model).__name__}, expected a "
                "model with an encoder: leave the callback out."
            )
        super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        sign = None
        # Validation has measured it, as a rule; then a healthy model costs
        # nothing here.
        known = (logs or {}).get("val_kl_loss", 0.0)
        if epoch + 1 >= LEAST_EPOCH and known < LEAST_KL:
            sign = self._sign()
        self.note(epoch + 1, KIND, sign, LEAST_STEPS)
        self.write()

    def _sign(self):
        if self._examples is None:
            self._examples = fixed_examples(
                self.model, self.data, self.num_examples, self.seed
            )
        x, labels = self._examples
        kl, active = latent_use(self.model, x, labels)
        if kl >= LEAST_KL:
            return None
        if self._has_structure is None:
            self._has_structure = (
                len(x) >= LEAST_COUNT
                and structure(x, labels, self.seed) >= LEAST_STRUCTURE
            )
        if not self._has_structure:
            return None
        return (
            f"KL is {kl:.2g} nats ({active} of {self.model.latent_dim} latents "
            "are active at all), so reconstructions are all but the same. "
            f"{remedy(self.model)}"
        )


def latent_use(
    model, x: np.ndarray, labels: np.ndarray | None = None
) -> tuple[float, int]:
    """The mean KL term in nats, and the number of active latents."""
    inputs = encoder_inputs("LatentHealth", model, x, labels)
    encoded = model.run_endpoint("encode", inputs)
    mean, stddev = (np.float64(encoded[k]) for k in ("mean", "stddev"))
    active = int(np.sum(mean.var(axis=0) > ACTIVE_VARIANCE))
    if has_own_prior(model):
        return float(model.run_endpoint("score", inputs)["kl"].mean()), active
    terms = mean**2 + stddev**2 - 1 - 2 * np.log(np.maximum(stddev, TINY))
    return float(terms.sum(axis=1).mean() / 2), active


def structure(
    x: np.ndarray, labels: np.ndarray | None = None, seed: int = 0
) -> float:
    """How much nearer neighbours are than those of exchanged values.

    The ratio of the median distances to the nearest neighbour: of rows whose
    every value was exchanged for that of another row of the class, over those
    of the rows. Near 1 where the values of an example are independent, and
    latents have nothing to tell.
    """
    real = plain_features(x)
    classes = np.zeros(len(real)) if labels is None else np.ravel(labels)
    rng, exchanged = np.random.default_rng(seed), real.copy()
    for each in np.unique(classes):
        rows = classes == each
        exchanged[rows] = rng.permuted(real[rows], axis=0)
    near, far = (np.median(ball_radii(rows, 1)) for rows in (real, exchanged))
    return float(far / max(near, TINY))


def remedy(model) -> str:
    """What to try against latents that are not used."""
    beta, likelihood = getattr(model, "beta", 1.0), model.likelihood
    tries = [f"a lower beta (it is {beta:g})", "a warm-up of it (beta_warmup)"]
    if getattr(likelihood, "scale", None) == "learned":
        tries.append("a lower initial_scale of its Gaussian")
    else:
        tries.append(f"another likelihood than {type(likelihood).__name__}")
    densities = (model.prior, model.posterior_family)
    objective = getattr(model, "objective", None)
    if all(density.independent for density in densities) and getattr(
        objective, "takes_free_bits", True
    ):
        tries.append("free_bits")
    return f"Try {', '.join(tries[:-1])} or {tries[-1]}"
