import collections
import pathlib
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from tfgen.training.files import writes_files

DEAREST = 5
WARM_UP_CALLS = 2
"""The first call is compiled, the second still fills buffers."""
# They hold or pass on what other operations compute.
_AROUND = ("PartitionedCall", "StatefulPartitionedCall", "While", "If", "Case")


class Profile(keras.callbacks.Callback):
    """Writes TensorBoard's profile of some steps, and says what is dearest.

    The steps are those of whole calls, and of one epoch: after the first two
    calls, or after the first epoch where an epoch has few.

    Args:
        log_dir: the folder that TensorBoard reads; its tab "Profile" needs
            `pip install tensorboard-plugin-profile`.
        steps: number of steps, at least; fewer where an epoch ends.
        report: called with the five dearest kinds of operations, by the time
            that the processor's threads spent on them, as lines of text. For a
            GPU's, see TensorBoard.

    Raises:
        ValueError: if `steps` is no whole number from 1.

    Example:
    >>> profile = tfgen.callbacks.Profile("logs", steps=10)
    >>> model.fit(x, epochs=2, callbacks=[profile])  # doctest: +SKIP
    """

    def __init__(
        self,
        log_dir: str | pathlib.Path,
        steps: int = 10,
        report: Callable[[str], None] = print,
    ):
        super().__init__()
        if steps < 1:
            raise ValueError(
                f"steps is {steps}, expected a whole number from 1."
            )
        self.log_dir = pathlib.Path(log_dir)
        self.steps = steps
        self.report = report
        self._calls = 0
        self._began = None
        self._done = False

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._calls, self._began = 0, None
        self._done = not writes_files(self.model)

    def on_train_batch_begin(
        self, batch: int, logs: dict | None = None
    ) -> None:
        warm = self._calls >= WARM_UP_CALLS
        if warm and self._began is None and not self._done:
            self._before = set(_profiles(self.log_dir))
            tf.profiler.experimental.start(str(self.log_dir))
            self._began = int(self.model.steps_done)
        self._calls += 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self._began is not None and self._profiled() >= self.steps:
            self._stop()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self._began is not None:
            self._stop()
        self._calls = max(self._calls, WARM_UP_CALLS)

    def on_train_end(self, logs: dict | None = None) -> None:
        if self._began is not None:
            self._stop()
        if not self._done:
            self.report("no profile: the training ended before it was warm")

    def _profiled(self):
        return int(self.model.steps_done) - self._began

    def _stop(self):
        steps, self._began, self._done = self._profiled(), None, True
        tf.profiler.experimental.stop()
        (file,) = set(_profiles(self.log_dir)) - self._before
        spent = spent_by_operation(file)
        self.report(_described(spent, steps, self.log_dir))


def spent_by_operation(file: str | pathlib.Path) -> dict[str, float]:
    """Seconds that the processor spent on each kind of operation.

    Args:
        file: a profile that TensorFlow wrote, `*.xplane.pb`.

    Returns:
        By kind, such as `"MatMul"`, the dearest first.
    """
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(pathlib.Path(file).read_bytes())
    spent = collections.Counter()
    for plane in space.planes:
        if plane.name == "/host:CPU":
            for kind, seconds in _operations(plane):
                spent[kind] += seconds
    return dict(spent.most_common())


def _operations(plane) -> Iterator[tuple[str, float]]:
    # An operation's event is called "its/name:ItsKind".
    names = {key: data.name for key, data in plane.event_metadata.items()}
    for line in plane.lines:
        for event in line.events:
            name, _, kind = names[event.metadata_id].rpartition(":")
            # With two colons, it is a function of the runtime.
            if name and not name.endswith(":") and kind.isidentifier():
                if kind not in _AROUND:
                    yield _plain(kind), event.duration_ps * 1e-12


def _plain(kind):
    """Without the mark of oneDNN's kernels."""
    return kind.removeprefix("_MklNative").removeprefix("_Mkl")


def _profiles(folder):
    return folder.glob("plugins/profile/*/*.xplane.pb")


def _described(spent, steps, folder):
    total = sum(spent.values())
    lines = [
        f"profile of {steps} steps in {folder}; the dearest operations, of "
        f"{1e3 * total / steps:.3g} ms a step in all:"
    ]
    for kind, seconds in list(spent.items())[:DEAREST]:
        each = 1e3 * seconds / steps
        lines.append(f"  {kind:30} {each:8.3g} ms  {seconds / total:4.0%}")
    return "\n".join(lines)
