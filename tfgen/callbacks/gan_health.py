import pathlib
import re
import warnings
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgen.callbacks.gan_symptoms import SYMPTOMS, Measurements
from tfgen.callbacks.sample_comparison import SampleComparison
from tfgen.data import Source
from tfgen.training.files import write_text, writes_files

EPOCHS_UNTIL_OVER = 5
WARNING_LINE = re.compile(r"epoch (\d+), ([^:]+): (.*)")
OVER = "over"


class GANHealth(keras.callbacks.Callback):
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

    def __init__(
        self,
        data: Source | np.ndarray,
        num_samples: int = 1000,
        path=None,
        seed: int = 0,
        report: Callable[[str], None] | None = None,
    ):
        super().__init__()
        self.data = data
        self.num_samples = num_samples
        self.path = None if path is None else pathlib.Path(path)
        self.seed = seed
        self.report = report or _warn
        self._comparison = None
        self._file = None
        self._lasting = {}
        self._absent = {}

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
        self._file = None
        self._lasting = dict.fromkeys(SYMPTOMS, 0)
        self._absent = dict.fromkeys(SYMPTOMS, 0)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._file is None:
            self._file = WarningsFile(self.path, epoch)
        self._began_at = self.model.steps_done
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
            first_step=self._began_at == 0,
            likeness=likeness,
            undecided_loss=self._undecided,
        )
        for kind, (find, least_steps) in SYMPTOMS.items():
            self._note(epoch + 1, kind, find(now), least_steps)
        if writes_files(self.model):
            self._file.write()

    def _note(self, epoch, kind, sign, least_steps):
        warned = self._file.stands(kind)
        if sign is None:
            self._lasting[kind] = 0
            self._absent[kind] += 1
            if warned and self._absent[kind] >= EPOCHS_UNTIL_OVER:
                self._file.add(epoch, kind, None)
            return
        self._absent[kind] = 0
        self._lasting[kind] += self.model.steps_done - self._began_at
        if not warned and self._lasting[kind] >= least_steps:
            self._file.add(epoch, kind, sign)
            self.report(f"epoch {epoch}: {kind}: {sign}.")


class TrainingWarning(UserWarning):
    """Training goes on, but will hardly lead where it should.

    Example:
    >>> import warnings
    >>> warnings.simplefilter("error", tfgen.callbacks.TrainingWarning)
    """


class WarningsFile:
    """Keeps the warnings of a training, one a line, oldest first.

    There is no file as long as there was no warning.

    Args:
        path: path of the text file; None keeps nothing on disk.
        epochs_done: lines of later epochs are dropped, as those will be
            trained again.

    Raises:
        ValueError: for a file of another kind.
    """

    def __init__(self, path, epochs_done: int = 0):
        self.path = None if path is None else pathlib.Path(path)
        earlier = _read_warnings(self.path)
        self._lines = [line for line in earlier if line[0] <= epochs_done]
        self._changed = len(self._lines) != len(earlier)

    def stands(self, kind: str) -> bool:
        """Whether there was a warning of this kind that is not over."""
        texts = [text for _, other, text in self._lines if other == kind]
        return bool(texts) and texts[-1] != OVER

    def add(self, epoch: int, kind: str, text: str | None) -> None:
        """Adds a warning, or that it is over (None)."""
        self._lines.append((epoch, kind, OVER if text is None else text))
        self._changed = True

    def write(self) -> None:
        """Writes what has been added."""
        if not self._changed or self.path is None:
            return
        self._changed = False
        lines = [f"epoch {e}, {kind}: {t}\n" for e, kind, t in self._lines]
        write_text(self.path, "".join(lines))


def _read_warnings(path):
    if path is None or not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [WARNING_LINE.fullmatch(line) for line in lines]
    if None in found:
        raise ValueError(
            f"{path} holds no warnings of a training: move it away, or pass "
            "another path."
        )
    return [(int(line[1]), line[2], line[3]) for line in found]


def _warn(text):
    warnings.warn(text, TrainingWarning, stacklevel=2)


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
