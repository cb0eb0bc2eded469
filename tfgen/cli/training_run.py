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
from tfgen.cli.gentle_stop import GentleStop
from tfgen.cli.progress import Progress
from tfgen.cli.run_data import in_range, load_splits, objective
from tfgen.cli.run_folder import RunFolder, manifest
from tfgen.cli.settings import new_settings, resumed_settings
from tfgen.training import get_strategy

DEFAULT_STEPS = 4000
DEFAULT_BATCH_SIZE = 128
CHECKPOINT_SECONDS = 60.0
FEWEST_FOR_HEALTH = 6
BUILD_OPTIONS = (
    "latent_dim",
    "network",
    "likelihood",
    "beta",
    "free_bits",
    "loss",
    "augmentation",
    "packing",
    "discriminator_steps",
    "objective",
    "adversarial_ratio",
    "adversarial_weight",
    "gamma",
    "conditioning",
    "precision",
)


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

    def train(self) -> None:
        """Trains, and prints where everything is."""
        folder = self.folder
        with folder.claimed():
            folder.write_settings(self.settings, self.manifest)
            print(f"data   {self.source.description}")
            print(f"model  {_describe(self.model)}")
            epochs = self.settings["epochs"]
            if self.done == epochs:
                print(
                    f"all {epochs} epochs are done; a larger --epochs trains on"
                )
            # The loss as it is trained on: beta and free bits count.
            best = BestModel(folder.model_file, monitor="val_loss")
            self._fit_until_stopped(best)
            if not folder.model_file.exists():
                self.model.save(folder.model_file)
            self._draw_samples()
        self._report(best)

    def _draw_samples(self):
        """Of the model that is kept, which may not be the last epoch's."""
        kept = self.folder.load_model()
        picture = pictures.samples_picture(kept, self.validation)
        pictures.write_png(self.folder.samples, picture)

    def _fit_until_stopped(self, best):
        seconds = self.settings.get("checkpoint_every", CHECKPOINT_SECONDS)
        checkpoint = Checkpoint(self.folder.checkpoints, every_seconds=seconds)
        stop = GentleStop(checkpoint)
        try:
            with stop:
                self._fit(best, checkpoint)
        except KeyboardInterrupt:
            out = shlex.quote(str(self.folder.path))
            print(
                f"stopped at step {self.model.steps_done:,}; go on with: "
                f"tfgen train --resume --out {out}",
                file=sys.stderr,
            )
            sys.exit(stop.exit_status)

    def _fit(self, best, checkpoint):
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
        self.settings = settings
        self.seed = settings.setdefault("seed", 0)
        self.strategy = get_strategy(
            settings.get("strategy", "none"), settings.get("replicas")
        )
        splits = load_splits(settings, ("train", "validation"))
        self._set_sizes(splits["train"])
        with self.strategy.scope():
            self.model = self._build(splits["train"])
        self.source = in_range(self.model, splits["train"])
        self.validation = in_range(self.model, splits["validation"])
        self.batches = self.source.batches(
            settings["batch_size"], seed=self.seed
        )

    def _set_sizes(self, train):
        settings, rows = self.settings, len(train)
        most, smallest = DEFAULT_BATCH_SIZE, max(1, rows // 20)
        if "preset" in settings:
            most = tfgen.presets.get(settings["preset"]).batch_size
            smallest = rows
        settings.setdefault("batch_size", min(most, smallest))
        steps = -(-rows // settings["batch_size"])
        settings.setdefault("epochs", max(10, -(-DEFAULT_STEPS // steps)))

    def _build(self, train):
        settings = self.settings
        options = {k: settings[k] for k in BUILD_OPTIONS if k in settings}
        if settings.get("conditional"):
            if not train.num_classes:
                raise ValueError(
                    f"--conditional, but {train.name} has no classes: leave "
                    "it out, or name a --label-column."
                )
            options["num_classes"] = train.num_classes
        model = tfgen.build(
            settings["model"],
            preset=settings.get("preset"),
            input_shape=train.shape,
            seed=self.seed,
            **options,
        )
        model.compile(self._optimizers(model, train))
        return model

    def _steps(self, train):
        each = -(-len(train) // self.settings["batch_size"])
        return self.settings["epochs"] * each

    def _optimizers(self, model, train):
        """The preset's or the model's, at the learning rate asked for."""
        rate = self.settings.get("learning_rate")
        if "preset" in self.settings:
            preset = tfgen.presets.get(self.settings["preset"])
            return preset.make_optimizers(model, rate, self._steps(train))
        optimizers = model.recommended_optimizers()
        if rate is not None:
            for optimizer in optimizers.values():
                optimizer.learning_rate = rate
        return optimizers

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
            print(
                f"epoch {best.epoch} had the lowest validation loss, "
                f"{best.value:.2f}: the model is of then"
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
