"""Where a training, or an evaluation, stands within its epoch."""

import contextlib
import math
from collections.abc import Callable, Iterator

import keras

USUAL_ROWS = 128


class EpochPlace:
    """How far an epoch has come, how far it goes, and what is done already.

    A model has one for training and one for evaluation. `fit` and `evaluate`
    start it, its steps advance it, a checkpoint reads it and puts it back.

    Args:
        rows: counter of the rows that an evaluation has seen, by whose number
            their noise goes; it starts anew with each epoch.

    Attributes:
        steps: of an epoch; None where the data does not tell.
        ordered: whether the order of the data is a function of the step, so
            that it can itself start at any.
        done: steps of this epoch that are done, or were before a resume.
        data_name: what messages call the data.
        batch_rows: rows of a batch, about, where the data does not tell.
        never_short: whether the data is sure to have all these steps.
        checked: whether all of the data was looked at, so that its batches
            need no look.
        first_step: the model's step at the start of this epoch.
        calls: number of calls that an epoch is to be done in, the first of
            one step, so that a callback sees what a step does; None: each
            call does all the steps it may.
        rows: see above.

    Example:
    >>> place = EpochPlace()
    >>> place.start(steps=5)
    >>> [place.advance(2, iter(())) for _ in range(3)]
    [2, 2, 1]
    >>> place.done, place.at_end
    (5, True)
    """

    def __init__(self, rows: keras.Variable | None = None):
        self.steps = None
        self.ordered = True
        self.done = 0
        self.data_name = "the data"
        self.batch_rows = USUAL_ROWS
        self.never_short = False
        self.checked = False
        self.first_step = 0
        self.calls = None
        self.rows = rows
        self._calls_done = 0
        self._to_pass_over = 0
        self._once_passed = None

    def start(
        self,
        steps: int | None,
        ordered: bool = True,
        data_name: str = "the data",
        batch_rows: int | None = None,
        never_short: bool = False,
        checked: bool = False,
    ) -> None:
        """Says what the epochs from now on are like; see the attributes."""
        self.steps = steps
        self.ordered = ordered
        self.data_name = data_name
        self.batch_rows = batch_rows or USUAL_ROWS
        self.never_short = never_short
        self.checked = checked

    def begin_epoch(self, step: int = 0) -> None:
        """Goes to the epoch's start, with so many training steps done."""
        self.done = self._calls_done = 0
        self.first_step = step - self._to_pass_over
        if self.rows is not None:
            self.rows.assign(0)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Comes back to this place at the end, whatever happens within.

        A callback may evaluate in the middle of a training, or of another
        evaluation; and a training that fails leaves nothing to pass over.
        """
        before = {k: v for k, v in vars(self).items() if k != "rows"}
        try:
            yield
        finally:
            vars(self).update(before)

    def resume(self, done: int, once_passed: Callable[[], None]) -> None:
        """Lets the next epoch pass over steps that a checkpoint has done.

        Args:
            done: how many.
            once_passed: called when they are passed, to put back the metrics,
                which Keras resets at the start of the epoch.
        """
        self._to_pass_over = done
        self._once_passed = once_passed

    @property
    def resumes(self) -> bool:
        """Whether steps from before a resume are still to be passed over."""
        return self._to_pass_over > 0

    @property
    def steps_to_pass_over(self) -> int:
        """Steps from before a resume that are still to be passed over."""
        return self._to_pass_over

    @property
    def at_end(self) -> bool:
        """Whether the epoch is known to be over."""
        return self.done == self.steps

    def first_batch(self, step: int, steps_of_data: int) -> int:
        """Number of the batch that data in order starts with.

        Args:
            step: training steps that the model has behind it.
            steps_of_data: batches in an epoch of the data.

        Returns:
            The model's step; but where epochs are those of the data, and none
            is resumed, the start of the next one.
        """
        if self.resumes or self.steps != steps_of_data:
            return step
        return -(-step // self.steps) * self.steps

    def advance(self, most: int, batches: Iterator) -> int:
        """Moves on by up to `most` steps, not beyond the end of the epoch.

        Args:
            most: steps in one call.
            batches: where those to be passed over are taken from, unless they
                were left out of it already.

        Returns:
            How many of the steps are still to be done.
        """
        if self.steps is not None:
            if self.calls is not None:
                most = self._share()
            most = min(most, self.steps - self.done)
        self.done += most
        passed = min(self._to_pass_over, most)
        self._to_pass_over -= passed
        if not self.ordered:
            for _ in range(passed):
                next(batches)
        if passed and not self._to_pass_over:
            self._once_passed()
        return most - passed

    def _share(self):
        left = self.calls - self._calls_done
        self._calls_done += 1
        if left == self.calls:
            return 1
        return math.ceil((self.steps - self.done) / max(1, left))
