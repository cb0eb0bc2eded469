import pytest


def test_damaged_state(make, search, tmp_path):
    oracle = make()
    search(oracle, 3)
    path = tmp_path / "oracle.json"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.warns(UserWarning, match="oracle.json is damaged: the sea"):
        resumed = make()
    # The state before: the third trial was running.
    assert len(resumed.end_order) == 2 and resumed.queue == ["0002"]
    # What is written next leaves the good state as the backup.
    resumed.create_trial("main")
    path.write_bytes(b"")
    with pytest.warns(UserWarning, match="damaged"):
        assert len(make().end_order) == 2


def test_state_that_is_gone(make, search, tmp_path):
    search(make(), 3)
    (tmp_path / "oracle.json").unlink()
    with pytest.warns(UserWarning, match="oracle.json is gone"):
        assert len(make().end_order) == 2


@pytest.mark.parametrize("text", [b"", b"[]", b'{"trials": [', b"\xff\xfe"])
def test_both_damaged(text, make, search, tmp_path):
    search(make(), 3)
    for name in ("oracle.json", "oracle.json.backup"):
        (tmp_path / name).write_bytes(text)
    with pytest.raises(ValueError, match="put back a copy of either file"):
        make()


def test_damaged_without_backup(make, tmp_path):
    make().create_trial("main")
    (tmp_path / "oracle.json").write_text("{")
    with pytest.raises(ValueError, match="^oracle.json in .* cannot be read"):
        make()
