"""The data of a run, as its model sees them."""

from tfgen.cli.settings import load_data


def load_splits(settings: dict, names) -> dict:
    """Sources by the name of the split; `train` must be among them.

    Points are standardized for GANs. (Tables are as they are loaded.)
    """
    splits = {name: load_data(settings, name) for name in names}
    train = splits["train"]
    if train.kind == "points" and settings["model"] == "gan":
        return {
            name: split.standardized_by(train) for name, split in splits.items()
        }
    return splits


def in_range(model, source):
    """The source in the range of values that the model takes.

    Raises:
        ValueError: if it holds real numbers and the model takes a range.
    """
    wanted = model.data_range
    if not wanted or source.value_range == wanted:
        return source
    if source.value_range is None:
        low, high = wanted
        raise ValueError(
            f"{objective(model)} is for data in [{low:g}, {high:g}], but "
            f"{source.name} holds real numbers: "
            + (
                "pass --likelihood gaussian."
                if hasattr(model, "likelihood")
                else "rescale them."
            )
        )
    return source.to_range(wanted)


def objective(model) -> str:
    """What the model is trained on, for messages."""
    if hasattr(model, "likelihood"):
        return f"the {type(model.likelihood).__name__} likelihood"
    return f"the {type(model.adversarial_loss).__name__} loss"
