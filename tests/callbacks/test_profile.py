import pytest
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from tfgen.callbacks import Profile
from tfgen.callbacks.profile import spent_by_operation

EVENTS = {  # by line of the host's plane, milliseconds
    "tf_Compute/1": [("layer/MatMul:MatMul", 3), ("loop:While", 100)],
    "tf_Compute/2": [
        ("b/MatMul:_MklMatMul", 4),
        ("adam:ResourceApplyAdam", 5),
        ("ExecutorState::Process", 200),
        ("EagerExecute", 300),
        ("Iterator::Root::Prefetch", 400),
    ],
}


def test_sums_by_kind_of_operation(tmp_path):
    space = xplane_pb2.XSpace()
    space.planes.add(name="Task Environment").lines.add().events.add()
    plane = space.planes.add(name="/host:CPU")
    for line_name, events in EVENTS.items():
        line = plane.lines.add(name=line_name)
        for name, milliseconds in events:
            number = len(plane.event_metadata) + 1
            plane.event_metadata[number].name = name
            line.events.add(
                metadata_id=number, duration_ps=10**9 * milliseconds
            )
    (tmp_path / "vm.xplane.pb").write_bytes(space.SerializeToString())
    spent = spent_by_operation(tmp_path / "vm.xplane.pb")
    assert list(spent) == ["MatMul", "ResourceApplyAdam"]  # the dearest first
    assert spent == pytest.approx({"MatMul": 0.007, "ResourceApplyAdam": 0.005})


def test_steps_of_a_training(make_model, images, tmp_path):
    said = []
    profile = Profile(tmp_path, steps=3, report=said.append)
    make_model(run_eagerly=False).fit(
        images.batches(4), epochs=2, verbose=0, callbacks=[profile]
    )
    (text,) = said
    title, *lines = text.splitlines()
    # All ten of the second epoch: one call runs as many.
    assert title.startswith(f"profile of 10 steps in {tmp_path}; the dearest")
    assert len(lines) == 5
    # Which five they are depends on the processor.
    known = ("ResourceApplyAdam", "MatMul", "BiasAdd", "Conv2D", "AssignAdd")
    assert any(name in line for line in lines for name in known), text
    assert len([*tmp_path.glob("plugins/profile/*/*.xplane.pb")]) == 1


def test_a_training_that_is_too_short(make_model, images, tmp_path):
    said = []
    profile = Profile(tmp_path, report=said.append)
    make_model().fit(
        images.batches(40), epochs=1, verbose=0, callbacks=[profile]
    )
    assert said == ["no profile: the training ended before it was warm"]


def test_no_steps(tmp_path):
    with pytest.raises(ValueError, match="steps is 0, expected a whole number"):
        Profile(tmp_path, steps=0)
