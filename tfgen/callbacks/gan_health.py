from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.callbacks.gan_symptoms import SYMPTOMS, Measurements
from tfgen.callbacks.sample_comparison import SampleComparison
from tfgen.callbacks.training_warnings import HealthWatch
from tfgen.data import Source


class GANHealth(HealthWatch):
    """Logs how much of the data samples cover, and warns of what goes wrong.

    For models with a discriminator: `GAN` and `VAEGAN`.

    After each epoch it draws samples, as many as there are held-out
    examples and the same seed each time, and adds `coverage` to the logs
    (`tfgen.metrics.Coverage`, k = 5): the share of the held-out examples that
    samples come near to. 0.97 is perfect, a generator that is not trained yet
    has 0. In the list of callbacks it stands before those that write logs.

    It warns, once until the sign is gone for 5 epochs, of

    - large steps: the first step changes a network's weights by more than
      6%, or the first of a later epoch by more than 20%;
    - exploding training: a loss or penalty above 100, a gradient norm above
      1,000, or samples that are not finite;
    - mode collapse: samples that look and vary like data but cover less than
      half as much of it as they should; or samples that are all but the same
      after 500 steps;
    - a discriminator that has won: certain of everything for 1,000 steps
      while samples cover less than 10%.

    Images are compared as averages over squares of pixels, at most 16 by 16.

    Args:
        data: held-out data, a `tfgen.data.Source` or an array of examples in
            the model's range.
        num_samples: most held-out examples and samples.
        path: path of a text file that keeps the warnings, such as
            `run/warnings.txt`; a resumed training goes on with it.
        seed: seed of the choice of examples and of the samples.
        report: function of a text, instead of `warnings.warn` with
            `TrainingWarning`.

    Raises:
        ValueError: in `fit`, for fewer than 6 held-out examples, or a model
            without a discriminator.

    Example:
    >>> held_out = tfgen.data.load("ring", "validation")
    >>> health = tfgen.callbacks.GANHealth(held_out, path="run/warnings.txt")
    >>> gan.fit(train, epochs=20, callbacks=[health])  # doctest: +SKIP
    """

    watches_first_step = True  # how far one moves the weights

    def __init__(
        self,
        data: Source | np.ndarray,
        num_samples: int = 1000,
        path=None,
        seed: int = 0,
        report: Callable[[str], None] | None = None,
    ):
        super().__init__(path, report)
        self.data = data
        self.num_samples = num_samples
        self.seed = seed
        self._comparison = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.model.has_discriminator:
            raise ValueError(
                f"GANHealth got a {type(self.model).__name__}, expected a "
                "model with a discriminator: leave the callback out."
            )
        if self._comparison is None:
            self._comparison = SampleComparison(
                self.model, self.data, self.num_samples, self.seed
            )
        self._undecided = _undecided_loss(self.model)
        self._relative_steps = {}
        super().on_train_begin(logs)

    def get_state(self) -> dict:
        return super().get_state() | {"relative_steps": self._relative_steps}

    def set_state(self, state: dict) -> None:
        super().set_state(state)
        self._relative_steps = state["relative_steps"]

    def begin_epoch(self) -> None:
        super().begin_epoch()
        self._relative_steps = {}

    def on_train_batch_begin(
        self, batch: int, logs: dict | None = None
    ) -> None:
        # One look an epoch, at its first step.
        if not self._relative_steps:
            self._before = (self.model.steps_done, _kernels(self.model))

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self._relative_steps:
            return
        steps = self.model.steps_done - self._before[0]
        if steps:  # else this one had been done before a resume
            self._relative_steps = _relative_steps(
                self._before[1],
                _kernels(self.model),
                _updates(self.model, steps),
            )
            self._before = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        likeness = self._comparison.measure(self.model)
        if logs is not None:
            logs["coverage"] = likeness.coverage if likeness else 0.0
        now = Measurements(
            steps=self.model.steps_done,
            logs={k: float(v) for k, v in (logs or {}).items()},
            relative_steps=self._relative_steps,
            first_step=self.began_at == 0,
            likeness=likeness,
            undecided_loss=self._undecided,
        )
        for kind, (find, least_steps) in SYMPTOMS.items():
            self.note(epoch + 1, kind, find(now), least_steps)
        self.write()


def _undecided_loss(model):
    zero = tf.zeros((1,))
    return float(model.adversarial_loss.discriminator_loss(zero, zero)[0])


def _kernels(model):
    """By network, its weights without biases, scales and the like."""
    return {
        name: [v.numpy() for v in variables if len(v.shape) > 1]
        for name, variables in model.network_variables().items()
    }


def _updates(model, steps):
    """How often each network's weights have changed."""
    updates = dict.fromkeys(model.network_variables(), steps)
    updates["discriminator"] *= getattr(model, "discriminator_steps", 1)
    return updates


def _relative_steps(before, after, updates):
    """Size of one update over that of the weights, by network.

    Of several updates at once, taken to point anywhere.
    """
    sizes = {}
    for name, old in before.items():
        changes = [a - b for a, b in zip(after[name], old, strict=True)]
        size = max(_squares(old) * updates[name], 1e-30)
        sizes[name] = float(np.sqrt(_squares(changes) / size))
    return sizes


def _squares(arrays):
    return sum(np.sum(np.square(x, dtype=np.float64)) for x in arrays)
