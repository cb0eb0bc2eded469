import keras
import tensorflow as tf

from tfgen.callbacks.history_file import learning_rates
from tfgen.callbacks.pace import Pace
from tfgen.data import Source
from tfgen.pictures import examples
from tfgen.pictures.gallery import gallery
from tfgen.training.files import writes_files

DESCRIPTIONS = {
    "samples": "Samples of one and the same seed.",
    "side_by_side": "Data, reconstructions of these, and samples.",
    "reconstructions": "The same examples each time, and what becomes of them.",
    "latents": "Posterior means of the same examples each time.",
    "traversals": "One latent at a time moves, the others stay.",
}


class TensorBoard(keras.callbacks.TensorBoard):
    """Curves and pictures of a training for TensorBoard.

    Step n stands for n epochs of training. Curves: all logs of training and
    validation, and the learning rate. Pictures: samples and, where the model
    and the source allow, reconstructions, latents and traversals, of one seed
    and the same examples each time. Pictures are drawn after epochs 1, 2, 4,
    8, 16, ... and after the last; where the pace says that they would cost too
    much, a while after. (TensorBoard shows ten pictures of a kind
    unless told `--samples_per_plugin=images=1000`.)

    All is on disk when an epoch ends: in the list of callbacks it stands
    before `Checkpoint`, so that a resumed training leaves no gap.

    Args:
        log_dir: folder of the event files.
        source: a `tfgen.data.Source` for pictures that need data; held-out
            data is best.
        every: draw pictures each so many epochs (and after the last) instead
            of at powers of two.
        num_samples: see `tfgen.pictures.samples_picture`.
        seed: seed of samples and of the choice of examples.
        pace: see `Pace`; default: pictures wait for nothing.
        kwargs: further arguments of `keras.callbacks.TensorBoard`.

    Raises:
        ValueError: if `every` is no number of epochs from 1.

    Example:
    >>> digits = tfgen.data.load("digits", "validation")
    >>> board = tfgen.callbacks.TensorBoard("run/tensorboard", digits)
    >>> model.fit(train, epochs=20, callbacks=[board])  # doctest: +SKIP

    Then `tensorboard --logdir run/tensorboard`.
    """

    def __init__(
        self,
        log_dir="logs",
        source: Source | None = None,
        every: int | None = None,
        num_samples: int | None = None,
        seed: int = 0,
        pace: Pace | None = None,
        **kwargs,
    ):
        kwargs = {"write_graph": False, "profile_batch": 0} | kwargs
        super().__init__(log_dir, **kwargs)
        if every is not None and every < 1:
            raise ValueError(
                f"every is {every}, expected a number of epochs from 1, or "
                "None for epochs 1, 2, 4, 8, ..."
            )
        self.source = source
        self.every = every
        self.num_samples = num_samples
        self.seed = seed
        self.pace = pace or Pace.always()
        self._epochs = self._drawn = None
        self._wanted = self._training = False

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._epochs = self._drawn = None
        self._wanted, self._training = False, True
        self.pace.begin()
        if not writes_files(self.model):
            return
        super().on_train_begin(logs)
        self.source = examples.in_memory(self.source, seed=self.seed)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._epochs = epoch + 1
        if not writes_files(self.model):
            return
        super().on_epoch_end(self._epochs, logs)
        self._wanted = self._wanted or self._is_wanted(self._epochs)
        last = self._epochs == self.params.get("epochs")
        if last or (self._wanted and self.pace.is_due("TensorBoard")):
            self._draw()

    def on_train_end(self, logs: dict | None = None) -> None:
        self._training = False
        if not writes_files(self.model):
            return
        if self._drawn != self._epochs:  # stopped early
            self._draw()
        super().on_train_end(logs)

    def on_test_begin(self, logs: dict | None = None) -> None:
        if writes_files(self.model):
            super().on_test_begin(logs)

    def on_test_end(self, logs: dict | None = None) -> None:
        # Within fit, validation is in the curves by epoch already.
        if not self._training and writes_files(self.model):
            super().on_test_end(logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        # Keras hands each value to a writer, also where none is written.
        by_epoch = self.update_freq == "epoch"
        super().on_train_batch_end(batch, None if by_epoch else logs)

    def _is_wanted(self, epochs):
        if self.every is not None:
            return epochs % self.every == 0
        return epochs & (epochs - 1) == 0

    def _draw(self):
        self._drawn, self._wanted = self._epochs, False
        with self.pace.measured("TensorBoard"):
            self._write_pictures()

    def _write_pictures(self):
        drawn = gallery(self.model, self.source, self.num_samples, self.seed)
        with self._train_writer.as_default():
            for name, picture in drawn.items():
                tf.summary.image(
                    name,
                    picture[None],
                    step=self._epochs,
                    description=DESCRIPTIONS[name],
                )

    def _log_epoch_metrics(self, epoch, logs):
        # One by one, as Keras writes them, they take as long as some steps.
        if self.write_steps_per_second or not logs:
            super()._log_epoch_metrics(epoch, logs)
            return
        held_out = {n: v for n, v in logs.items() if n.startswith("val_")}
        train = {n: v for n, v in logs.items() if n not in held_out}
        _write_scalars(
            self._train_writer, epoch, self._collect_learning_rate(train)
        )
        if held_out:
            held_out = {n.removeprefix("val_"): held_out[n] for n in held_out}
            _write_scalars(self._val_writer, epoch, held_out)

    def _collect_learning_rate(self, logs):
        return logs | learning_rates(self.model.optimizer)


def _write_scalars(writer, epoch, values):
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    all_of_them = b"".join(
        scalar_pb(f"epoch_{name}", value).SerializeToString()
        for name, value in values.items()
    )
    with writer.as_default():
        tf.summary.experimental.write_raw_pb(all_of_them, step=epoch)
