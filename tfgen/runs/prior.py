"""The prior of a run that is trained already."""

import pathlib
import shutil
import sys
import warnings

from tfgen.models import fit_prior
from tfgen.probability import PRIORS
from tfgen.runs.data import in_range, load_splits
from tfgen.runs.folder import RunFolder
from tfgen.runs.on_files import read_model

AS_TRAINED = "model-as-trained.keras"


class PriorOfRun:
    """Fits the prior of a run's model, or takes the first one back.

    Args:
        run: folder of a run of `tfgen train`.
    """

    def __init__(self, run: pathlib.Path):
        self.folder = RunFolder(run)
        self.as_trained = self.folder.path / AS_TRAINED

    def fit(self, name: str, seed: int = 0) -> None:
        """Writes `model.keras` and `samples.png` anew, and says what came.

        Args:
            name: a key of `tfgen.probability.PRIORS`; `"standard_normal"`
                takes back the model as it was trained.
            seed: of the fit.

        Raises:
            ValueError: for another name, or a model without encoder.
        """
        if name not in PRIORS:
            raise ValueError(
                f"--prior is {name}, expected one of {', '.join(PRIORS)}."
            )
        self.folder.config()  # which refuses what is no run
        with self.folder.claimed():
            if name == "standard_normal":
                self._take_back()
            else:
                self._fit(name, seed)

    def _take_back(self):
        if not (
            _is_fitted(read_model(self.folder.path))
            and self.as_trained.exists()
        ):
            raise ValueError(
                f"{self.folder.path} has its model as it was trained: no prior "
                "was fitted since."
            )
        self.as_trained.replace(self.folder.model_file)
        model = read_model(self.folder.path)
        self._draw(model, self._splits(model))
        print(f"model       {self.folder.model_file}, as it was trained")

    def _fit(self, name, seed):
        model = read_model(self.folder.path)
        was_fitted = _is_fitted(model)
        splits = self._splits(model)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", UserWarning)
            found = fit_prior(
                *(model, splits["train"], name),
                seed=seed,
                verbose=sys.stdout.isatty(),
            )
        for each in said:
            print(f"note: {each.message}", file=sys.stderr)
        if found.gain <= 0:
            return
        if not was_fitted:  # else that of before is kept already
            shutil.copy2(self.folder.model_file, self.as_trained)
        model.save(self.folder.model_file)
        self._draw(model, splits)
        size = getattr(found.prior, "components", None)
        print(
            f"prior       {name}{f' of {size} components' if size else ''}: "
            f"{found.gain:.2f} nats an example more in the bound of held-out "
            "rows"
        )
        print(f"model       {self.folder.model_file}")
        print(f"as trained  {self.as_trained}")
        if self.folder.samples.exists():
            print(f"samples     {self.folder.samples}")

    def _splits(self, model):
        settings, names = self.folder.config(), ("train", "validation")
        splits = load_splits(settings, names, once_more=True)
        return {k: in_range(model, split) for k, split in splits.items()}

    def _draw(self, model, splits):
        self.folder.draw_samples(model, splits["validation"])


def _is_fitted(model):
    """Whether `fit_prior` gave a model its prior, which is not trained on."""
    return model.encodes and not model.prior.of_top_level().trainable
