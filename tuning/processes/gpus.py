"""How the processes of a search share the GPUs of a machine."""

GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"
VISIBLE = "CUDA_VISIBLE_DEVICES"


def share_memory(environment) -> None:
    """Lets a process take GPU memory as it needs it, unless the user chose.

    By default TensorFlow takes nearly all memory of each GPU, so that chief
    and workers would fail each other. It reads this when it makes its devices.

    Args:
        environment: of the process, such as `os.environ`; is changed.
    """
    environment.setdefault(GROWTH, "true")


def usable_gpus(count: int, environment) -> list[str]:
    """What `CUDA_VISIBLE_DEVICES` calls the GPUs that a process uses.

    Args:
        count: how many TensorFlow finds.
        environment: of the process.

    >>> usable_gpus(2, {}), usable_gpus(2, {"CUDA_VISIBLE_DEVICES": "3,5"})
    (['0', '1'], ['3', '5'])
    """
    named = environment.get(VISIBLE, "")
    names = [name.strip() for name in named.split(",") if name.strip()]
    return names[:count] or [str(number) for number in range(count)]


def gpu_of_worker(number: int, gpus: list[str]) -> dict[str, str]:
    """The variable that gives a worker one of several GPUs, in turn.

    Args:
        number: of the worker, from 1.
        gpus: see `usable_gpus`.

    >>> gpu_of_worker(3, ["0", "1"])
    {'CUDA_VISIBLE_DEVICES': '0'}
    """
    return {VISIBLE: gpus[(number - 1) % len(gpus)]} if len(gpus) > 1 else {}
