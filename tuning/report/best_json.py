import pathlib

import tfgen
from tfgen.reports.strict_json import to_json
from tfgen.training.files import write_text


def write_best_json(
    path,
    record,
    objective_name: str,
    direction: str,
    train_settings: dict | None = None,
) -> None:
    """Writes the best trial, for programs and for `tfgen train --from`.

    `settings` describe a model and its training; `values` are all that was
    drawn, what the tuner keeps for itself (`tuner/...`) included. `folder` of a
    trial below the file's own folder is relative to that, so that a search
    may be moved. Numbers that are not finite are null.

    Args:
        path: of the file, which is there whole or not at all.
        record: the `TrialRecord`, as `best_of` gives it.
        objective_name: such as `"val_negative_elbo"`.
        direction: `"min"` or `"max"`.
        train_settings: the settings of `tfgen train`; default the values
            themselves.
    """
    path = pathlib.Path(path)
    best = {
        "trial": record.trial_id,
        "score": record.score,
        "objective": {"name": objective_name, "direction": direction},
        "settings": settings(
            record.values if train_settings is None else train_settings
        ),
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
