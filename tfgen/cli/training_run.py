"""One training run, from its settings to its folder."""

import contextlib
import json
import signal
import sys

import keras

import tfgen
from tfgen.callbacks import (
    Checkpoint,
    HistoryFile,
    LossPlot,
    SampleImages,
    TensorBoard,
)
from tfgen.cli.progress import progress
from tfgen.cli.run_folder import RunFolder, manifest
from tfgen.training import get_strategy
from tfgen.training.files import write_text

DEFAULT_STEPS = 4000
BUILD_OPTIONS = (
    "latent_dim",
    "network",
    "likelihood",
    "beta",
    "free_bits",
    "precision",
)


class TrainingRun:
    """A run of `tfgen train`.

    Args:
        out: folder of the run.
        given: settings that were given, by the command's option names.
        new: False to go on with the run that `out` holds.

    Raises:
        ValueError: for settings that do not fit; nothing is written then.
    """

    def __init__(self, out, given: dict, new: bool = True):
        self.folder = RunFolder(out)
        self.new = new
        if new:
            self.folder.check_new()
        self.settings = _with_preset(given)
        settings = self.settings
        self.seed = settings.setdefault("seed", 0)
        strategy = settings.get("strategy", "none")
        self.strategy = get_strategy(strategy, settings.get("replicas"))
        self.source, self.validation = self._load_data()
        self._set_sizes()
        with self.strategy.scope():
            self.model = self._build()
        self.source = self._in_range(self.source)
        self.validation = self._in_range(self.validation)

    @classmethod
    def resumed(cls, out, given: dict) -> "TrainingRun":
        """The run that `out` holds; `epochs` alone may be given anew.

        Raises:
            ValueError: if there is none, or it had other settings.
        """
        config = RunFolder(out).config()
        for name, value in given.items():
            if name != "epochs" and config.get(name) != value:
                raise ValueError(
                    f"the run in {out} has {name}={config.get(name)!r}, got "
                    f"{value!r}: leave the option out to go on with the run, "
                    "or start a new one in another --out."
                )
        run = cls(out, {**config, **given}, new=False)
        run.check_data()
        return run

    def check_data(self) -> None:
        """Raises ValueError if the data is not what the run began with."""
        saved = json.loads(self.folder.manifest_file.read_text())
        if saved["data"]["fingerprint"] != self.source.fingerprint():
            raise ValueError(
                f"the data of the run in {self.folder.path} has changed (it "
                f"was {saved['data']['description']}; it is "
                f"{self.source.description}): put it back, or start a new run."
            )

    def train(self) -> None:
        """Trains, and prints where everything is."""
        folder, settings = self.folder, self.settings
        if self.new:
            about = manifest(self.source, self.seed, self.strategy)
            folder.create(settings, about)
        else:
            write_text(folder.config_file, _json(settings))
        print(f"data   {self.source.description}")
        print(f"model  {_describe(self.model)}")
        checkpoint = Checkpoint(folder.checkpoints)
        try:
            with _stopping_gently(checkpoint, folder):
                self._fit(checkpoint)
        except KeyboardInterrupt:
            print(
                f"\nstopped at step {self.model.steps_done:,}; go on with: "
                f"tfgen train --resume --out {folder.path}",
                file=sys.stderr,
            )
            raise
        self.model.save(folder.model_file)
        self._report()

    def _fit(self, checkpoint):
        folder, settings = self.folder, self.settings
        verbose, shown = progress(settings["epochs"])
        self.model.fit(
            self.source.batches(settings["batch_size"], seed=self.seed),
            epochs=settings["epochs"],
            verbose=verbose,
            validation_data=self.validation,
            validation_batch_size=settings["batch_size"],
            callbacks=[
                *shown,
                HistoryFile(folder.history_file),
                LossPlot(folder.history_file, folder.loss_plot),
                SampleImages(folder.samples, self.validation),
                TensorBoard(folder.tensorboard, self.validation),
                checkpoint,  # last: what the others wrote is there by then
            ],
        )

    def _load_data(self):
        settings = self.settings
        if "data" not in settings:
            raise ValueError(
                "no data was named: pass --data with a name (tfgen info lists "
                "them) or a path."
            )
        options = {}
        if "image_size" in settings:
            options["image_size"] = _size(settings["image_size"])
        if "label_column" in settings:
            options["label_column"] = settings["label_column"]
        return tuple(
            tfgen.data.load(settings["data"], split=split, **options)
            for split in ("train", "validation")
        )

    def _set_sizes(self):
        settings, rows = self.settings, len(self.source)
        settings.setdefault("batch_size", min(128, max(1, rows // 20)))
        steps = -(-rows // settings["batch_size"])
        settings.setdefault("epochs", max(10, -(-DEFAULT_STEPS // steps)))

    def _build(self):
        settings = self.settings
        options = {k: settings[k] for k in BUILD_OPTIONS if k in settings}
        if settings.get("conditional"):
            if not self.source.num_classes:
                raise ValueError(
                    f"--conditional, but {settings['data']} has no classes: "
                    "leave it out, or name a --label-column."
                )
            options["num_classes"] = self.source.num_classes
        model = tfgen.build(
            settings.get("model"),
            preset=settings.get("preset"),
            input_shape=self.source.shape,
            seed=self.seed,
            **options,
        )
        rate = settings.get("learning_rate", 1e-3)
        model.compile(keras.optimizers.Adam(rate))
        return model

    def _in_range(self, source):
        wanted = self.model.data_range
        if wanted and source.value_range and source.value_range != wanted:
            return source.to_range(wanted)
        return source

    def _report(self):
        folder = self.folder
        rows = (
            ("model", folder.model_file),
            ("samples", folder.samples),
            ("losses", folder.loss_plot),
            ("history", folder.history_file),
            ("TensorBoard", f"tensorboard --logdir {folder.tensorboard}"),
        )
        for name, place in rows:
            print(f"{name:12}{place}")


def _with_preset(given):
    settings = dict(given)
    if "preset" not in settings:
        if "model" not in settings:
            raise ValueError("no model was named: pass vae, or a --preset.")
        return settings
    preset = tfgen.presets.get(settings["preset"])
    defaults = {
        "data": preset.data,
        "batch_size": preset.batch_size,
        "epochs": preset.epochs,
        "learning_rate": preset.learning_rate,
    }
    return {**defaults, **settings}


def _size(text):
    parts = text.lower().split("x")
    if not all(part.isdigit() for part in parts) or len(parts) > 2:
        raise ValueError(
            f"--image-size is {text!r}, expected a number such as 64, or "
            "height x width such as 48x64."
        )
    height, width = int(parts[0]), int(parts[-1])
    return height, width


def _describe(model):
    shape = "x".join(map(str, model.data_shape))
    return (
        f"{type(model).__name__}, {shape} to {model.latent_dim} latents, "
        f"{type(model.likelihood).__name__} likelihood, "
        f"{model.count_params():,} parameters"
    )


@contextlib.contextmanager
def _stopping_gently(checkpoint, folder):
    """Ctrl-C and SIGTERM save before they stop; the second one does not."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def stop(number, frame):
        checkpoint.stop_soon()
        print(f"\nsaving to {folder.checkpoints} ...", file=sys.stderr)
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in signals:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _json(data):
    return json.dumps(data, indent=2) + "\n"
