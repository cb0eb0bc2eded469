import json

from tfgen.tuning import signs_of_life
from tfgen.tuning.signs_of_life import SignOfLife, read_sign


def test_at_most_one_in_two_seconds(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    sign = SignOfLife(tmp_path, "worker-1")

    def said():
        return read_sign(tmp_path, "worker-1").said

    sign.begin("0000")
    assert said() == {}
    sign.beat(epoch=1)
    assert said() == {}
    clock[0] += 2.0
    sign.beat(epoch=2, loss=-1.5)
    assert said() == {"epoch": 2, "loss": -1.5}
    sign.begin("0001")  # at once
    assert read_sign(tmp_path, "worker-1").trial == "0001"


def test_what_is_no_sign(tmp_path):
    assert signs_of_life.signs_of_life(tmp_path) == []
    folder = tmp_path / "workers"
    folder.mkdir()
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({"worker": "b"}))
    (folder / "c.log").write_text("")
    assert signs_of_life.signs_of_life(tmp_path) == []
    SignOfLife(tmp_path, "d").begin(None)
    assert [s.worker for s in signs_of_life.signs_of_life(tmp_path)] == ["d"]
