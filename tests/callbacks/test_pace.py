import keras
import pytest

from tfgen.callbacks import BestModel, Checkpoint, Pace, TensorBoard


class Clock:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self):
        return self.now


def test_work_waits_for_its_share():
    clock = Clock()
    pace = Pace(share=0.1, first_seconds=5.0, clock=clock)
    assert not pace.is_due("saving")
    clock.now += 5
    assert pace.is_due("saving")
    with pace.measured("saving"):
        clock.now += 2
    clock.now += 19
    assert (pace.is_due("saving"), pace.waited("saving")) == (False, 19)
    # Bounds from both sides; other work has a time of its own.
    assert pace.is_due("saving", most=19)
    assert pace.is_due("drawing")
    clock.now += 1
    assert pace.is_due("saving")
    assert not pace.is_due("saving", least=21)
    pace.begin()
    assert not pace.is_due("saving")


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_the_share_is_kept(seconds):
    """Of an hour in epochs of a second."""
    clock = Clock()
    pace, spent = Pace(share=0.05, clock=clock), 0.0
    while clock.now < 3700:
        clock.now += 1
        if pace.is_due("saving"):
            with pace.measured("saving"):
                clock.now += seconds
            spent += seconds
    assert 0.045 * 3600 < spent <= 0.05 * 3600


def test_always():
    pace = Pace.always()
    with pace.measured("saving"):
        pass
    assert pace.is_due("saving")


def test_no_share_is_refused():
    with pytest.raises(ValueError, match="share is 0, expected more"):
        Pace(share=0)


class Watch(keras.callbacks.Callback):
    """Lets ten seconds go by in each epoch; notes which files are there."""

    def __init__(self, clock, *patterns):
        super().__init__()
        self.clock, self.patterns, self.seen = clock, patterns, []

    def on_epoch_begin(self, epoch, logs=None):
        counts = [len(list(f.glob(p))) for f, p in self.patterns]
        self.seen.append(tuple(counts))

    def on_train_batch_end(self, batch, logs=None):
        self.clock.now += 5


def test_one_pace_for_all(make_model, images, tmp_path):
    """Two steps of five seconds an epoch: first files after the second."""
    clock = Clock()
    pace = Pace(first_seconds=20.0, clock=clock)
    checkpoint = Checkpoint(tmp_path / "run", pace=pace)
    watch = Watch(
        clock, (tmp_path / "run", "*.index"), (tmp_path, "model.keras")
    )
    make_model().fit(
        images,
        batch_size=20,
        epochs=4,
        verbose=0,
        validation_data=images,
        callbacks=[
            TensorBoard(tmp_path / "board", images, pace=pace),
            BestModel(tmp_path / "model.keras", every_seconds=None),
            checkpoint,
            watch,
        ],
    )
    assert watch.seen == [(0, 0), (0, 0), (1, 1), (2, 1)]


def test_the_longest_wait(make_model, images, tmp_path):
    """A checkpoint within an epoch, where one by share is not yet due."""

    class Ticking(Clock):
        def __call__(self):
            self.now += 1e-3
            return self.now

    clock = Ticking()
    pace = Pace(share=1e-9, first_seconds=1e9, clock=clock)
    checkpoint = Checkpoint(tmp_path, every_seconds=15.0, pace=pace)
    make_model().fit(
        images,
        batch_size=10,  # four steps
        epochs=2,
        verbose=0,
        callbacks=[Watch(clock), checkpoint],
    )
    # After 15 and 30 seconds of 40, and at the end.
    found = {file.stem for file in tmp_path.glob("*.index")}
    assert found == {"ckpt-6", "ckpt-8"}
