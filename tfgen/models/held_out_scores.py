"""What a detector knows of held-out rows, as a part of its model."""

import dataclasses
import hashlib
import json
import pathlib
import typing
import zipfile
from collections.abc import Sequence

import numpy as np

if typing.TYPE_CHECKING:
    import keras

_FILE = "held_out_scores.npz"


@dataclasses.dataclass(frozen=True, eq=False)
class HeldOutScores:
    """Scores of held-out normal rows, by which a model is a detector.

    Set by `tfgen.detection.Detector.keep`; it lies in the `.keras` file.

    Attributes:
        measures: names of the measures.
        scores: float64 `(measures, n)`, each measure's sorted; of a mean of
            measures `(1, n)`.
        alpha: share of normal rows that are flagged unless another is asked
            for.
        k: draws of `"bound"`.
        seed: of these draws.
        weights: the `weights_digest` of the model that gave the scores.
        medians: float64, of the shape of one example: the median of each
            value's negative log-likelihood; None where values have no shares.
        rest: the median of what these leave of the score.
        source: where the rows came from, for people.
        combine: how several measures become one score.
        middle: float64 `(measures,)`, what is taken off each before a mean; or
            None.
        spread: what it is divided by then.
        training_rows: float32, rows that distances are measured to, in the
            model's units; or None.
        mixture: float32, weights, means and roots of precisions of a mixture of
            training rows; or None.
    """

    measures: tuple[str, ...]
    scores: np.ndarray
    alpha: float
    k: int
    seed: int
    weights: str
    medians: np.ndarray | None = None
    rest: float = 0.0
    source: str | None = None
    combine: str = "max"
    middle: np.ndarray | None = None
    spread: np.ndarray | None = None
    training_rows: np.ndarray | None = None
    mixture: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    @property
    def num_rows(self) -> int:
        """Number of the held-out rows."""
        return self.scores.shape[1]

    def __str__(self) -> str:
        source = f" ({self.source})" if self.source else ""
        kept = self.num_training_rows
        keeps = f", keeps {kept:,} training rows" if kept else ""
        return (
            f"{said_of_measures(self.measures, self.combine)}, by "
            f"{self.num_rows:,} held-out rows{source}, alpha {self.alpha:g}"
            f"{keeps}"
        )

    @property
    def num_training_rows(self) -> int:
        """Number of training rows that are kept as they are."""
        return 0 if self.training_rows is None else len(self.training_rows)

    def describe(self) -> dict:
        """What is said of it in an export; fit for JSON."""
        return {
            "measures": list(self.measures),
            "combine": self.combine,
            "alpha": self.alpha,
            "held_out": self.num_rows,
            "training_rows": self.num_training_rows,
            "source": self.source,
        }

    def save(self, folder: str) -> None:
        """Writes its file."""
        values = dict(vars(self))
        mixture = values.pop("mixture") or ()
        arrays = {k: values[k] for k in _ARRAYS if values[k] is not None}
        text = json.dumps({k: v for k, v in values.items() if k not in _ARRAYS})
        arrays |= dict(zip(_OF_MIXTURE, mixture, strict=False))
        np.savez_compressed(pathlib.Path(folder, _FILE), text=text, **arrays)

    @classmethod
    def load(cls, folder: str) -> "HeldOutScores | None":
        """Reads its file; None if there is none."""
        path = pathlib.Path(folder, _FILE)
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            values = json.loads(str(file["text"]))
            arrays = {name: file[name] for name in _ARRAYS if name in file}
            if _OF_MIXTURE[0] in file:
                arrays["mixture"] = tuple(file[name] for name in _OF_MIXTURE)
        known = {field.name for field in dataclasses.fields(cls)}
        values = {name: v for name, v in values.items() if name in known}
        values["measures"] = tuple(values["measures"])
        return cls(**values, **arrays)


_ARRAYS = ("scores", "medians", "middle", "spread", "training_rows")
_OF_MIXTURE = ("mixture_weights", "mixture_means", "mixture_roots")


def said_of_measures(measures: Sequence[str], combine: str) -> str:
    """Several measures in words, such as `"mean of elbo and latent"`."""
    *most, last = measures
    words = f"{', '.join(most)} and {last}" if most else last
    return f"mean of {words}" if combine == "mean" and measures[1:] else words


def keeps_scores(path: pathlib.Path) -> bool:
    """Whether a `.keras` file has such scores."""
    if not path.exists():
        return False
    with zipfile.ZipFile(path) as file:
        return any(name.endswith(_FILE) for name in file.namelist())


def weights_digest(model: "keras.Model") -> str:
    """sha256 of all that a model computes with.

    Not of how many steps or rows are behind it, which change no score.
    """
    digest = hashlib.sha256()
    counters = {id(model.step), id(model.evaluated_rows)}
    for weight in model.weights:
        if id(weight) not in counters:
            value = np.ascontiguousarray(weight.numpy())
            digest.update(f"{value.dtype} {value.shape}".encode())
            digest.update(value.view(np.uint8).data if value.size else b"")
    return digest.hexdigest()
