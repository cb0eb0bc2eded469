"""What a search's folder lets go on."""

import errno

import pytest

from tfgen.tuning.failures import DiskError
from tfgen.tuning.search_folder import SearchFolder


@pytest.mark.parametrize("tuner", ["random", "bayesian", "grid"])
def test_trials_may_be_raised(tuner, tmp_path):
    folder = SearchFolder(tmp_path)
    for trials in (2, 3):
        folder.begin({"tuner": tuner, "trials": trials})
    assert folder.settings()["trials"] == 3
    with pytest.raises(ValueError, match="with trials 3, got 2: go on with"):
        folder.begin({"tuner": tuner, "trials": 2})


def test_trials_of_hyperband_may_not(tmp_path):
    """And who tries it can go on with those of before."""
    folder = SearchFolder(tmp_path)
    begun = {"tuner": "hyperband", "trials": 2}
    folder.begin(begun)
    message = "with trials 2, got 3: go on .* Hyperband lays out all rounds"
    with pytest.raises(ValueError, match=message):
        folder.begin({**begun, "trials": 3})
    assert folder.settings() == begun
    folder.begin(begun)


def test_a_full_disk_is_told_in_a_line(tmp_path):
    folder = SearchFolder(tmp_path)
    message = (
        f"the search in {tmp_path} has stopped, since files cannot be written: "
        r"\[Errno 28\] No space left on device: 'x'. Make room or mend the disk"
    )
    with pytest.raises(DiskError, match=message), folder.claimed():
        raise OSError(errno.ENOSPC, "No space left on device", "x")
    with pytest.raises(ValueError, match="^other$"), folder.claimed():
        raise ValueError("other")
