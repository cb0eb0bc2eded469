import keras

MANY = {
    "loss": 10.0,
    "reconstruction_loss": 10.0,
    # Of an adversary, which rise by themselves where the other side gains.
    "generator_loss": 100.0,
    "discriminator_loss": 100.0,
}


class LossExploded(FloatingPointError):
    """A loss has become far larger than it ever was.

    Attributes:
        good_step: the last step whose weights are known to be good, or None.
    """

    good_step: int | None = None


class LossWatch(keras.callbacks.Callback):
    """Ends a training whose loss explodes.

    A loss explodes where it lies above its lowest value by more than ten times
    (those of an adversary, a hundred times) what is larger: all that the
    training had gained, or the first value. It is looked at after each call of
    the compiled step, as the mean of its steps.

    Raises:
        LossExploded: in `fit`, with the last step that is known to be good.

    Example:
    >>> watch = LossWatch()
    >>> [watch.explodes("loss", value) for value in (5.0, -3.0, 70.0, 78.0)]
    [False, False, False, True]
    """

    def __init__(self):
        super().__init__()
        self.first, self.lowest = {}, {}
        self.good_step = None

    def get_state(self) -> dict:
        return {"first": self.first, "lowest": self.lowest}

    def set_state(self, state: dict) -> None:
        self.first, self.lowest = dict(state["first"]), dict(state["lowest"])

    def explodes(self, name: str, value: float) -> bool:
        """Whether a value of a loss is one too many; if not, it is kept."""
        first = self.first.setdefault(name, value)
        lowest = self.lowest.setdefault(name, value)
        if value - lowest > MANY[name] * max(first - lowest, abs(first)):
            return True
        self.lowest[name] = min(lowest, value)
        return False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._sums, self._steps = {}, 0
        self._since = self.model.steps_done

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        steps = self.model.training_place.done
        if self.model.training_place.resumes:
            return
        sums = {k: steps * float(v) for k, v in logs.items() if k in MANY}
        for name, total in sums.items():
            mean = (total - self._sums.get(name, 0.0)) / (steps - self._steps)
            if self.explodes(name, mean):
                raise self._error(name, mean)
        self._sums, self._steps = sums, steps
        # The weights that this call began with gave such a loss.
        self.good_step, self._since = self._since, self.model.steps_done

    def _error(self, name, value):
        error = LossExploded(
            f"{name} was {self.lowest[name]:.4g} at best, and is {value:.4g} "
            f"at step {self.model.steps_done}."
        )
        error.good_step = self.good_step
        return error
