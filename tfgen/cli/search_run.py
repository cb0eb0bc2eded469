"""A search of `tfgen tune`, and the training with what it finds."""

import itertools
import shlex
import sys

from tfgen.models.families import get_family
from tfgen.models.recommended import recommended_preset, recommended_settings
from tfgen.runs.data import load_splits, odd_rows_of
from tfgen.runs.folder import RunFolder
from tfgen.runs.load_options import with_reading
from tfgen.runs.model import with_sizes
from tfgen.runs.run import Run
from tfgen.runs.settings import (
    changed_settings,
    new_settings,
    preset_settings,
    with_precision,
    with_whole_path,
)
from tfgen.settings.table import SETTINGS
from tfgen.tuning import Search
from tfgen.tuning.arguments import strategy_of
from tfgen.tuning.failures import TrialFailed
from tfgen.tuning.hypermodels import hypermodel_of
from tfgen.tuning.narrowing import parse
from tfgen.tuning.processes import is_worker
from tfgen.tuning.search_folder import SearchFolder
from tfgen.tuning.search_space import SearchSpace

SEARCH_OPTIONS = (
    "tuner",
    "objective",
    "report",
    "trials",
    "patience",
    "extractor",
    "seed",
    "strategy",
    "replicas",
)
"""Options that are arguments of `tfgen.tuning.Search`."""
OF_THE_SEARCH = (*SEARCH_OPTIONS, "max_epochs", "epochs", "space", "preset")
"""Options that are no settings of `tfgen train`, or mean something else."""
CHANGEABLE = ("trials", "epochs")


class SearchRun:
    """A search of `tfgen tune`.

    Args:
        out: folder of the search; one that holds a search goes on.
        given: options that were given, by name.

    Raises:
        ValueError: for options that do not fit; nothing is written then.
    """

    def __init__(self, out, given: dict):
        self.folder = SearchFolder(out)
        self.given = given = _resumed(self.folder, with_whole_path(given))
        self._goes_on = self.folder.settings() is not None
        if not self._goes_on:
            self.given = given = with_reading(_with_preset(given))
        settings = {k: v for k, v in given.items() if k not in OF_THE_SEARCH}
        for name in ("seed", "strategy", "replicas"):
            if name in given:
                settings[name] = given[name]
        self.settings = new_settings(settings)
        # Replicas on CPUs must be set up before data are decoded.
        strategy_of(given.get("strategy", "none"), given.get("replicas"))
        splits = load_splits(self.settings, ("train", "validation"))
        train, validation = splits["train"], splits["validation"]
        self._choose_precision(train.shape)
        recommended = self._recommended(train)
        sizes = with_sizes(recommended, len(train))
        self.epochs = given.get("epochs", sizes["epochs"])
        whole = self.epochs or sizes["epochs"]
        max_epochs = given.get("max_epochs", whole)
        hypermodel = hypermodel_of(self.settings["model"])(
            train,
            self._space(train),
            seed=given.get("seed", 0),
            epochs=max_epochs,
            preset=self._named(train),
            **_fixed(given),
        )
        self.search = Search(
            hypermodel,
            train,
            validation,
            out,
            odd=odd_rows_of(self.settings, "validation"),
            max_epochs=max_epochs,
            settings={**self.settings, "epochs": whole},
            note={**self.given, "max_epochs": max_epochs},
            **{k: given[k] for k in SEARCH_OPTIONS if k in given},
        )

    def run(self, workers: int) -> None:
        """Searches, trains with the best settings, says where all is."""
        search = self.search
        try:
            best = search.run(workers)
        except KeyboardInterrupt:
            if not is_worker():
                print(f"stopped; go on with: {self._go_on()}", file=sys.stderr)
            raise
        print(
            f"best   trial {best.trial_id}, {search.objective} {best.score:.5g}"
        )
        settings = search.settings_of(best)
        for name, value in sorted(search.drawn(best).items()):
            print(f"       {name} {settings.get(name, value)}")
        self._report()
        if self.epochs:
            self._train(best)

    def _choose_precision(self, shape):
        """Says what auto means here, so that a search goes on by it."""
        self.settings = with_precision(self.settings, shape)
        if "precision" in self.settings:
            self.given["precision"] = self.settings["precision"]

    def _recommended(self, train):
        """The settings that trials begin with, kept with the search.

        One that was begun without them goes on without them.
        """
        if self._goes_on and "preset" not in self.given:
            return {}
        if name := self._named(train):
            return {"preset": name}
        family = get_family(self.settings["model"])
        found = recommended_settings(
            family, train.shape, len(train), is_mixed=train.is_mixed
        )
        if found:
            self.given["preset"] = found["preset"]
        return found

    def _named(self, train):
        """The preset of trials, unless it is what is recommended, or none."""
        family = get_family(self.settings["model"])
        found = recommended_preset(family, train.shape, train.is_mixed)
        name = self.given.get("preset")
        return None if found is not None and name == found.name else name

    def _space(self, train):
        """What the options say of the default space."""
        said = parse(self.given.get("space", []))
        family = get_family(self.settings["model"])
        preset = recommended_preset(family, train.shape, train.is_mixed)
        if preset is None or "preset" in self.given:
            return said
        return SearchSpace.default(family, train, False).narrowed(said)

    def _train(self, best):
        """The best settings on the full budget, measured as in the trials."""
        search, folder = self.search, RunFolder(self.folder.best_run)
        settings = {**search.settings_of(best), "epochs": self.epochs}
        if folder.path.exists() and not _is_of(folder, settings):
            aside = _first_free(folder.path)
            folder.path.rename(aside)
            print(f"the earlier best run, of other settings, is now {aside}")
        print(f"training with the best settings in {folder.path}")
        if folder.path.exists():
            run = Run.resumed(folder.path, {"epochs": self.epochs})
        else:
            run = Run.new(folder.path, settings, whole=True)
        measuring = search.measuring(
            run.validation, self.epochs, folder.history_file
        )
        objective = search.objective
        run.keep_best(objective.log_name, objective.direction)
        try:
            run.train([measuring], self._go_on())
        except (FloatingPointError, TrialFailed) as error:
            # After epochs that the trial did not have, or that it left early.
            if not folder.model_file.exists():
                raise
            print(f"training ended early: {error}", file=sys.stderr)
            run.finish()

    def _go_on(self):
        return f"tfgen tune --out {shlex.quote(str(self.folder.path))}"

    def _report(self):
        folder = self.folder
        rows = [
            ("report", folder.report),
            ("trials", folder.table),
            ("best", folder.best_file),
        ]
        for name, place in rows:
            print(f"{name:12}{place}")
        board = shlex.quote(str(folder.tensorboard))
        print(f"{'TensorBoard':12}tensorboard --logdir {board}")


def _resumed(folder, given):
    """What the search in the folder was begun with, if there is one."""
    begun = folder.settings()
    if begun is None:
        return given
    earlier = begun["note"]
    if given.get("precision") == "auto" and "precision" in earlier:
        given = {**given, "precision": earlier["precision"]}
    changed = changed_settings(
        f"the search in {folder.path}", earlier, given, CHANGEABLE
    )
    return {**earlier, **changed}


def _with_preset(given):
    """What was given, over the model and the data of a preset."""
    said = preset_settings(given)
    named = {k: said[k] for k in ("model", "data", "image_size") if k in said}
    return with_whole_path({**named, **given})


def _fixed(given):
    """Settings of models that options fix in all trials."""
    said = parse(given.get("space", []))
    fixed = {"conditional": True} if given.get("conditional") else {}
    for name, setting in SETTINGS.items():
        if not setting.fixed_by_option or name not in given:
            continue
        if name in said:
            raise ValueError(
                f"{setting.option} and --space {name}=... were given: leave "
                "one out."
            )
        fixed[name] = given[name]
    return fixed


def _is_of(folder, settings):
    """Whether a run was begun with these settings, for any epochs."""
    if not folder.config_file.exists():
        return False
    config = folder.config()
    return all(
        config.get(name) == value
        for name, value in settings.items()
        if name != "epochs"
    )


def _first_free(path):
    numbered = (path.with_name(f"{path.name}-{i}") for i in itertools.count(1))
    return next(each for each in numbered if not each.exists())
