import pathlib

import tfgen
from tfgen.reports.strict_json import to_json
from tfgen.training.files import write_text


def write_best_json(path, record, objective_name: str, direction: str) -> None:
    """Writes the best trial, for programs and for `tfgen train --from`.

    `settings` are the values that describe a model and its training; `values`
    also hold what the tuner keeps for itself (`tuner/...`). `folder` of a
    trial below the file's own folder is relative to that, so that a search
    may be moved. Numbers that are not finite are null.

    Args:
        path: of the file, which is there whole or not at all.
        record: the `TrialRecord`, as `best_of` gives it.
        objective_name: such as `"val_negative_elbo"`.
        direction: `"min"` or `"max"`.
    """
    path = pathlib.Path(path)
    best = {
        "trial": record.trial_id,
        "score": record.score,
        "objective": {"name": objective_name, "direction": direction},
        "settings": settings(record.values),
        "values": record.values,
        "metrics": record.metrics,
        "best_epoch": record.best_epoch,
        "epochs": record.epochs,
        "folder": _beside(path, pathlib.Path(record.folder)),
        "tfgen": tfgen.__version__,
    }
    write_text(path, to_json(best) + "\n")


def settings(values: dict) -> dict:
    """The values without those that a tuner keeps for itself.

    >>> settings({"latent_dim": 8, "tuner/bracket": 1})
    {'latent_dim': 8}
    """
    return {
        name: value
        for name, value in values.items()
        if not name.startswith("tuner/")
    }


def _beside(path, folder):
    folder, home = folder.resolve(), path.resolve().parent
    if folder.is_relative_to(home):
        folder = folder.relative_to(home)
    return folder.as_posix()
