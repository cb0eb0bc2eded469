def combinations(space) -> int:
    """How many trials a whole grid has.

    Args:
        space: a `keras_tuner.HyperParameters` in which what depends on
            another hyperparameter stands after it.
    """
    parents = {c.name for one in space.space for c in one.conditions}
    return _count(space.space, parents, {})


def _count(hyperparameters, parents, values):
    """Of what is left, given values of those that others depend on."""
    if not hyperparameters:
        return 1
    first, rest = hyperparameters[0], hyperparameters[1:]
    if not all(condition.is_active(values) for condition in first.conditions):
        return _count(rest, parents, values)
    # As in KerasTuner, the default is there even where no step leads to it.
    choices = {first.default, *first.values}
    if first.name not in parents:
        return len(choices) * _count(rest, parents, values)
    return sum(
        _count(rest, parents, {**values, first.name: choice})
        for choice in choices
    )
