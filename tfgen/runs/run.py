"""One training run, from its settings to its folder."""

import shlex
import sys

import tfgen
from tfgen import pictures
from tfgen.callbacks import (
    BestModel,
    Checkpoint,
    GANHealth,
    HistoryFile,
    LossPlot,
    SampleAnimation,
    SampleImages,
    TensorBoard,
)
from tfgen.runs.data import in_range, load_splits, objective
from tfgen.runs.folder import RunFolder
from tfgen.runs.gentle_stop import GentleStop
from tfgen.runs.model import compiled_model, with_sizes
from tfgen.runs.progress import Progress
from tfgen.runs.settings import new_settings, resumed_settings
from tfgen.training import get_strategy, manifest

CHECKPOINT_SECONDS = 60.0
FEWEST_FOR_HEALTH = 6


class TrainingRun:
    """A run of `tfgen train`.

    Args:
        out: folder of the run.
        given: settings that were given, by the command's option names.

    Raises:
        ValueError: for settings that do not fit; nothing is written then.
    """

    def __init__(self, out, given: dict):
        self.folder = RunFolder(out)
        self.folder.check_new()
        self.done = 0
        self._prepare(new_settings(given))
        self.manifest = manifest(self.source, self.seed, self.strategy)

    @classmethod
    def resumed(cls, out, given: dict) -> "TrainingRun":
        """The run that `out` holds.

        Args:
            out: folder of the run.
            given: settings; they may differ in `CHANGEABLE` alone.

        Raises:
            ValueError: if there is no run, or one of other settings or data.
        """
        run = cls.__new__(cls)
        run.folder = RunFolder(out)
        config = run.folder.config()
        run.done = run.folder.epochs_done()
        run._prepare(resumed_settings(out, config, given, run.done))
        run.manifest = run.folder.manifest()
        run._check_data()
        return run

    def train(self, watchers=(), best=None, go_on: str | None = None) -> None:
        """Trains, and prints where everything is.

        Args:
            watchers: callbacks that add to the logs.
            best: a `BestModel`, that says which epoch's model is kept;
                default: that of the lowest validation loss.
            go_on: command that goes on after a stop; default: `tfgen train`.
        """
        folder = self.folder
        # The loss as it is trained on: beta and free bits count.
        best = best or BestModel(folder.model_file, monitor="val_loss")
        if go_on is None:
            out = shlex.quote(str(folder.path))
            go_on = f"tfgen train --resume --out {out}"
        with folder.claimed():
            folder.write_settings(self.settings, self.manifest)
            print(f"data   {self.source.description}")
            print(f"model  {_describe(self.model)}")
            epochs = self.settings["epochs"]
            if self.done == epochs:
                print(
                    f"all {epochs} epochs are done; a larger --epochs trains on"
                )
            self._fit_until_stopped(watchers, best, go_on)
            if not folder.model_file.exists():
                self.model.save(folder.model_file)
            self.finish(best)

    def finish(self, best) -> None:
        """Draws samples of the model that is kept, and prints what is where.

        Args:
            best: the `BestModel` that kept it; not always the last epoch's.
        """
        kept = self.folder.load_model()
        picture = pictures.samples_picture(kept, self.validation)
        pictures.write_png(self.folder.samples, picture)
        self._report(best)

    def _fit_until_stopped(self, watchers, best, go_on):
        seconds = self.settings.get("checkpoint_every", CHECKPOINT_SECONDS)
        checkpoint = Checkpoint(self.folder.checkpoints, every_seconds=seconds)
        stop = GentleStop(checkpoint)
        try:
            with stop:
                self._fit(watchers, best, checkpoint)
        except KeyboardInterrupt:
            print(
                f"stopped at step {self.model.steps_done:,}; go on with: "
                f"{go_on}",
                file=sys.stderr,
            )
            sys.exit(stop.exit_status)

    def _fit(self, watchers, best, checkpoint):
        folder, epochs = self.folder, self.settings["epochs"]
        progress = Progress(epochs, self.batches.steps_per_epoch)
        self.model.fit(
            self.batches,
            epochs=epochs,
            verbose=0,
            validation_data=self.validation,
            validation_batch_size=self.batches.batch_size,
            callbacks=[
                *self._watchers(progress),  # first: they add to the logs
                *watchers,
                progress,
                HistoryFile(folder.history_file),
                LossPlot(folder.history_file, folder.loss_plot),
                SampleImages(folder.samples, self.validation),
                SampleAnimation(folder.animation, self.validation),
                TensorBoard(folder.tensorboard, self.validation),
                best,
                checkpoint,  # last: what the others wrote is there by then
            ],
        )

    def _watchers(self, progress):
        if not isinstance(self.model, (tfgen.GAN, tfgen.VAEGAN)):
            return []
        if len(self.validation) < FEWEST_FOR_HEALTH:
            return []
        return [
            GANHealth(
                self.validation,
                path=self.folder.warnings,
                report=progress.warn,
            )
        ]

    def _prepare(self, settings):
        self.seed = settings.get("seed", 0)
        settings = settings.replaced(seed=self.seed)
        self.strategy = get_strategy(
            settings.get("strategy", "none"), settings.get("replicas")
        )
        splits = load_splits(settings, ("train", "validation"))
        self.settings = with_sizes(settings, len(splits["train"]))
        with self.strategy.scope():
            self.model = compiled_model(self.settings, splits["train"])
        self.source = in_range(self.model, splits["train"])
        self.validation = in_range(self.model, splits["validation"])
        self.batches = self.source.batches(
            self.settings["batch_size"], seed=self.seed
        )

    def _check_data(self):
        saved = self.manifest["data"]
        if saved["fingerprint"] != self.source.fingerprint():
            raise ValueError(
                f"the data of the run in {self.folder.path} has changed (it "
                f"was {saved['description']}; it is "
                f"{self.source.description}): put it back, or start a new run."
            )

    def _report(self, best):
        folder = self.folder
        if best.value is not None:
            most = "highest" if best.mode == "max" else "lowest"
            name = best.monitor.removeprefix("val_")
            print(
                f"epoch {best.epoch} had the {most} validation {name}, "
                f"{best.value:.4g}: the model is of then"
            )
        board = shlex.quote(str(folder.tensorboard))
        rows = [
            ("model", folder.model_file),
            ("samples", folder.samples),
            ("animation", folder.animation),
            ("warnings", folder.warnings),
            ("losses", folder.loss_plot),
            ("history", folder.history_file),
        ]
        for name, place in rows:
            if place.exists():
                print(f"{name:12}{place}")
        print(f"{'TensorBoard':12}tensorboard --logdir {board}")


def _describe(model):
    shape = "x".join(map(str, model.data_shape))
    classes = f" and {model.num_classes} classes" if model.num_classes else ""
    return (
        f"{type(model).__name__}, {shape} to {model.latent_dim} latents"
        f"{classes}, {objective(model).removeprefix('the ')}, "
        f"{model.count_params():,} parameters"
    )
