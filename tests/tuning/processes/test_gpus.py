import os

import pytest

import tfgen
from tfgen.tuning.processes.gpus import (
    gpu_of_worker,
    share_memory,
    usable_gpus,
)


@pytest.mark.parametrize("chosen, expected", [({}, "true"), (None, "false")])
def test_memory_is_shared_unless_the_user_chose(chosen, expected):
    name = "TF_FORCE_GPU_ALLOW_GROWTH"
    environment = {name: "false"} if chosen is None else chosen
    share_memory(environment)
    assert environment == {name: expected}
    assert tfgen.tuning and name in os.environ


@pytest.mark.parametrize(
    "count, visible, names",
    [
        (0, None, []),
        (2, None, ["0", "1"]),
        (0, "", []),
        (0, "-1", []),
        (2, "3, 5", ["3", "5"]),
        (1, "2,-1,0", ["2"]),  # CUDA stops at what is no GPU
        (2, "GPU-8932f937,GPU-4a1c", ["GPU-8932f937", "GPU-4a1c"]),
    ],
)
def test_names(count, visible, names):
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert usable_gpus(count, environment) == names


@pytest.mark.parametrize(
    "gpus, spread",
    [
        ([], [None, None, None]),
        (["7"], [None, None, None]),
        (["2", "5"], ["2", "5", "2"]),
    ],
)
def test_workers_take_turns(gpus, spread):
    found = [gpu_of_worker(number, gpus) for number in (1, 2, 3)]
    assert [each.get("CUDA_VISIBLE_DEVICES") for each in found] == spread
