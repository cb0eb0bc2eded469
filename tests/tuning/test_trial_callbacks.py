"""When a training that gets no better ends."""

import types

import pytest

from tfgen.tuning.objectives.objective import parse_objective
from tfgen.tuning.trial_callbacks import EarlyStopping

STILL = [5.0] * 20
BETTER_AT_4 = [5.0] * 3 + [4.0] * 17


@pytest.mark.parametrize(
    "values, patience, every, end",
    [
        (STILL, 2, 1, 3),
        (STILL, 2, 4, 4),
        (STILL, 4, 4, 8),
        (BETTER_AT_4, 2, 4, 8),
        (BETTER_AT_4, 4, 4, 8),
        (BETTER_AT_4, 5, 4, 12),
        (BETTER_AT_4, 5, 1, 9),
    ],
)
def test_ends_after_an_epoch(values, patience, every, end, tmp_path):
    """Measured are epochs 1, `every`, 2 * `every`, ..."""
    history = tmp_path / "history.csv"
    objective = parse_objective("frechet_distance")
    callback = EarlyStopping(objective, patience, history, every)
    callback.set_model(types.SimpleNamespace(stop_training=False))

    def write(epochs):
        """The history of so many epochs."""
        rows = [f"{i + 1},{values[i]}" for i in range(epochs)]
        lines = [f"epoch,{objective.log_name}", *rows]
        history.write_text("".join(f"{line}\n" for line in lines))

    ended = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {objective.log_name: value})
        ended.append(callback.model.stop_training)
        write(epoch + 1)
    assert ended.index(True) + 1 == end
    for epochs in (end - 1, end):
        write(epochs)
        assert callback.was_over() == (epochs == end)
