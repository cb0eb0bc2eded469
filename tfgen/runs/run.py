"""A training run: a model, its data and its folder, and the training."""

import pathlib
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping

from keras.callbacks import Callback

from tfgen import callbacks
from tfgen.data import Source
from tfgen.hosts import is_chief
from tfgen.models import GenerativeModel
from tfgen.models.held_out_scores import keeps_scores
from tfgen.runs.data import in_range, load_splits
from tfgen.runs.folder import RunFolder
from tfgen.runs.model import compiled_model, with_sizes
from tfgen.runs.privacy_file import PrivacyFile, refuse_more_epochs
from tfgen.runs.progress import GentleStop, Progress, described, report_files
from tfgen.runs.recovery import KeepRates, rate_factor
from tfgen.runs.settings import (
    new_settings,
    resumed_settings,
    with_defaults,
    with_precision,
)
from tfgen.training import get_strategy, manifest
from tfgen.training.agreement import Agreement
from tfgen.training.environment import differences
from tfgen.training.files import writes_files

SPLITS = ("train", "validation")
CHECKPOINT_SECONDS = 60.0
# At least, of pictures that take each other's place.
PICTURE_SECONDS = 60.0
HISTORY_SECONDS = 1.0
FEWEST_FOR_HEALTH = 6


class Run:
    """A model that is trained on its data in a folder of its own.

    `new` and `resumed` make the run of a command from its settings. A trial
    of a search is a run too, of the model that its hypermodel built.

    Args:
        folder: where it keeps what it makes.
        settings: by the option names of `tfgen train`; the training needs
            `epochs`, `batch_size` and `seed`.
        model: compiled.
        splits: the sources `"train"` and `"validation"`.

    Attributes:
        source: the training data in the model's range.
        validation: the held-out data in the model's range.
        batches: the training data as `fit` takes them.
        best: the `BestModel` that says which epoch's model is kept.
        checkpoint: the `Checkpoint` that the training goes on from.

    Raises:
        ValueError: for data that are not in the model's range.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: Mapping,
        model: GenerativeModel,
        splits: Mapping[str, Source],
    ):
        self.folder = folder
        self.settings = settings
        self.model = model
        self.source, self.validation = (
            in_range(model, splits[name]) for name in SPLITS
        )
        self.batches = self.source.batches(
            settings["batch_size"], seed=settings["seed"]
        )
        self._epochs = settings["epochs"]
        self._history = callbacks.HistoryFile(folder.history_file)
        # On small data files and pictures would cost more than the training.
        self._pace = callbacks.Pace()
        self.checkpoint = callbacks.Checkpoint(
            self.folder.checkpoints,
            every_seconds=settings.get("checkpoint_every", CHECKPOINT_SECONDS),
            pace=self._pace,
            report=_warn,
        )
        # The loss as it is trained on: beta and free bits count.
        self.keep_best("val_loss", "min")

    @classmethod
    def new(
        cls, out: pathlib.Path | str, given: Mapping, whole: bool = False
    ) -> "Run":
        """A run that begins.

        Args:
            out: a folder that is empty or not there yet.
            given: settings by the option names of `tfgen train`.
            whole: whether they are those of a training, which what is
                recommended for the data would change.

        Raises:
            ValueError: for settings that do not fit; nothing is written then.
        """
        folder = RunFolder(out)
        settings = new_settings(given)
        if settings.get("strategy") != "multi_worker" or is_chief():
            folder.check_new()  # the chief may have begun to write there
        recommend = None if whole else with_defaults
        return cls._from_settings(folder, settings, recommend)

    @classmethod
    def resumed(cls, out: pathlib.Path | str, given: Mapping) -> "Run":
        """The run that a folder holds.

        Args:
            out: the folder.
            given: settings; only those in `CHANGEABLE` may differ.

        Raises:
            ValueError: if there is no run, or one of other settings or data.
        """
        folder = RunFolder(out)
        config, done = folder.config(), folder.epochs_done()
        settings = resumed_settings(out, config, given, done)
        refuse_more_epochs(folder.privacy, settings["epochs"])
        run = cls._from_settings(folder, settings)
        run._check_same_data(folder.manifest()["data"])
        return run

    @classmethod
    def _from_settings(cls, folder, settings, recommend=None):
        settings = settings.replaced(seed=settings.get("seed", 0))
        strategy = get_strategy(
            settings.get("strategy", "none"), settings.get("replicas")
        )
        splits = load_splits(settings, SPLITS)
        if recommend is not None:
            settings = recommend(settings, splits["train"])
        settings = with_precision(settings, splits["train"].shape)
        settings = with_sizes(settings, len(splits["train"]))
        _check_same_on_all_hosts(strategy, settings, splits)
        with strategy.scope():
            model = compiled_model(
                settings, splits["train"], rate_factor(folder)
            )
        # What was computed of the data may differ by a rounding error.
        Agreement(strategy).share(model.trainable_variables)
        return cls(folder, settings, model, splits)

    def keep_best(self, monitor: str, mode: str) -> None:
        """Keeps the model of the epoch where a metric was best.

        Args:
            monitor: the metric's name in the logs.
            mode: `"min"` or `"max"`.
        """
        self.best = callbacks.BestModel(
            self.folder.model_file,
            monitor=monitor,
            every_seconds=None,  # so that it agrees with the checkpoints
            mode=mode,
        )

    def manifest(self) -> dict:
        """The versions, data and machine that the run is made with."""
        return manifest(
            self.source, self.settings["seed"], self.model.distribute_strategy
        )

    def train(
        self,
        watchers: Iterable[Callback] = (),
        go_on: str | None = None,
        profile: bool = False,
    ) -> None:
        """Trains, and prints how far it is and where everything lies.

        Of several hosts, all but the chief help and write nothing.

        SIGINT or SIGTERM saves and ends the process with 128 + the signal.

        Args:
            watchers: callbacks that add to the logs.
            go_on: command that goes on after a stop; default: `tfgen train`.
            profile: whether ten steps are profiled for TensorBoard.

        Raises:
            ValueError: if another process trains in the folder.
        """
        if not writes_files(self.model):
            return self._fit_until_stopped(watchers, go_on, profile)
        folder, epochs = self.folder, self.settings["epochs"]
        made_with = self._first_manifest()
        with folder.claimed():
            folder.write_settings(self.settings, made_with)
            print(f"data   {self.source.description}")
            print(f"model  {described(self.model)}")
            if "preset" in self.settings:
                print(f"preset {self.settings['preset']}")
            if "privacy" in self.settings:
                print(
                    f"privacy {self.settings['privacy']} for each row of the "
                    f"training data; what lies outside: {folder.privacy}"
                )
            if folder.epochs_done() == epochs and folder.is_checkpointed():
                print(
                    f"all {epochs} epochs are done; a larger --epochs trains on"
                )
            was_detector = keeps_scores(folder.model_file)
            self._fit_until_stopped(watchers, go_on, profile)
            if not folder.model_file.exists():
                self.model.save(folder.model_file)
            self.finish()
            if was_detector and not keeps_scores(folder.model_file):
                print(
                    "note: the model has other weights than those that held-"
                    "out rows were scored by: run tfgen calibrate again.",
                    file=sys.stderr,
                )

    def fit(
        self,
        watchers: Iterable[Callback] = (),
        writers: Iterable[Callback] = (),
        *,
        function: Callable | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        """Trains with the callbacks that every run has.

        Args:
            watchers: further callbacks that add to the logs, show them or
                end the training.
            writers: further callbacks that write files, from the history for
                one.
            function: called in place of `model.fit`.
            report: called with warnings of the model's health; default: they
                are in the folder only.
        """
        function = function or self.model.fit
        try:
            function(
                self.batches,
                epochs=self._epochs,
                verbose=0,
                validation_data=self.validation,
                validation_batch_size=self.batches.batch_size,
                callbacks=self._callbacks(watchers, writers, report),
            )
        except Exception:
            self.best.write()  # a training that failed may fail again
            self._history.write()
            raise

    def _callbacks(self, watchers, writers, report):
        folder, pace = self.folder, self._pace
        return [
            *self._health(report),  # first: it adds to the logs
            *self._guards(),
            *watchers,
            self._history,
            *self._promise(),
            *writers,
            callbacks.SampleImages(
                folder.samples,
                self.validation,
                every_seconds=PICTURE_SECONDS,
                pace=pace,
            ),
            callbacks.TensorBoard(
                folder.tensorboard, self.validation, pace=pace
            ),
            self.best,
            self.checkpoint,  # last: what others wrote is there by then
        ]

    def finish(self) -> None:
        """Draws samples of the model that is kept, and prints what is where.

        The kept model is not always that of the last epoch.
        """
        # To load a model and to trace its sampling take half a second.
        kept = self.model if self.best.is_current else self.folder.load_model()
        self.folder.draw_samples(kept, self.validation)
        report_files(self.folder, self.best)

    def _fit_until_stopped(self, watchers, go_on, profile):
        folder = self.folder
        progress = Progress(
            self.settings["epochs"], self.batches.steps_per_epoch
        )
        early_end = callbacks.EarlyEnd(
            folder.history_file,
            self.settings.get("patience", 0),
            report=progress.say,
        )
        reason = early_end.reason()
        if reason is not None and folder.is_checkpointed():
            print(reason)
            self._epochs = folder.epochs_done()
        writers = [
            early_end,
            callbacks.LossPlot(
                folder.history_file,
                folder.loss_plot,
                every_seconds=PICTURE_SECONDS,
                pace=self._pace,
            ),
            callbacks.SampleAnimation(
                folder.animation, self.validation, pace=self._pace
            ),
        ]
        if profile:
            board = folder.tensorboard
            writers.append(callbacks.Profile(board, report=progress.say))
        # A search reads it after each epoch; here nobody does.
        self._history.every_seconds = HISTORY_SECONDS
        stop = GentleStop(self.checkpoint)
        try:
            with stop:
                self.fit([*watchers, progress], writers, report=progress.warn)
        except KeyboardInterrupt:
            out = shlex.quote(str(folder.path))
            go_on = go_on or f"tfgen train --resume --out {out}"
            if self.settings.get("strategy") == "multi_worker":
                go_on += " on every host (or tfgen launch)"
            print(
                f"stopped at step {self.model.steps_done:,}; go on with: "
                f"{go_on}",
                file=sys.stderr,
            )
            sys.exit(stop.exit_status)

    def _health(self, report):
        if len(self.validation) < FEWEST_FOR_HEALTH:
            return []
        shared = {
            "path": self.folder.warnings,
            "report": report or (lambda warning: None),
        }
        watches = []
        if self.model.has_discriminator:
            watches.append(callbacks.GANHealth(self.validation, **shared))
        if self.model.encodes:
            watches.append(callbacks.LatentHealth(self.validation, **shared))
        return watches

    def _promise(self):
        private = self.model.private_training is not None
        return [PrivacyFile(self.folder.privacy)] if private else []

    def _guards(self):
        guards = []
        if self.settings.get("recover"):
            guards.append(callbacks.LossWatch())
        if self.folder.recoveries():
            guards.append(KeepRates(self.model.optimizer.by_network))
        return guards

    def _first_manifest(self):
        """The manifest of the process that began the run."""
        now = self.manifest()
        if not self.folder.manifest_file.exists():
            return now
        begun = self.folder.manifest()
        changed = differences(begun, now)
        if changed:
            print(
                f"note: the run was begun with {', '.join(changed)}: it goes "
                "on, but its numbers may differ in their last digits from "
                "those of a run that nothing stopped.",
                file=sys.stderr,
            )
        return begun

    def _check_same_data(self, saved):
        if saved["fingerprint"] != self.source.fingerprint():
            raise ValueError(
                f"the data of the run in {self.folder.path} has changed (it "
                f"was {saved['description']}; it is "
                f"{self.source.description}): put it back, or start a new run."
            )


def _warn(text):
    print(f"warning: {text}", file=sys.stderr, flush=True)


def _check_same_on_all_hosts(strategy, settings, splits):
    agreement = Agreement(strategy)
    if agreement.several:
        own = {k: v for k, v in settings.items() if k != "data"}  # a path
        found = {f"{k} data": v.fingerprint() for k, v in splits.items()}
        agreement.check_same(
            {"set of options": sorted(own.items()), **found},
            "give all hosts the same options and data",
        )
