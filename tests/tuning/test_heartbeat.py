import json

from tfgen.tuning.heartbeat import (
    HeartbeatWriter,
    read_heartbeat,
    read_heartbeats,
)


def test_at_most_one_in_two_seconds(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    writer = HeartbeatWriter(tmp_path, "worker-1")

    def said():
        return read_heartbeat(tmp_path, "worker-1").said

    writer.begin("0000")
    assert said() == {}
    writer.beat(epoch=1)
    assert said() == {}
    clock[0] += 2.0
    writer.beat(epoch=2, loss=-1.5)
    assert said() == {"epoch": 2, "loss": -1.5}
    writer.begin("0001")  # at once
    assert read_heartbeat(tmp_path, "worker-1").trial == "0001"


def test_what_is_no_heartbeat(tmp_path):
    assert read_heartbeats(tmp_path) == []
    folder = tmp_path / "workers"
    folder.mkdir()
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({"worker": "b"}))
    (folder / "c.log").write_text("")
    assert read_heartbeats(tmp_path) == []
    HeartbeatWriter(tmp_path, "d").begin(None)
    assert [s.worker for s in read_heartbeats(tmp_path)] == ["d"]
