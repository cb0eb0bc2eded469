"""How this program is started again, as a worker."""

import pathlib
import sys


def own_command() -> list[str]:
    """The command of this process.

    Raises:
        ValueError: if that would not start the same program again, since it
            was typed or read from standard input.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)  # "<stdin>" for a pipe
    # IPython sets it; its `%run program.py` sets `__file__` too.
    typed = hasattr(sys, "ps1")
    of_a_file = file is not None and pathlib.Path(file).exists()
    if typed or not (of_a_file or sys.argv[0] == "-c"):
        raise ValueError(
            "run was called with workers, each of which starts this program "
            "again, but it was typed or comes from standard input: put it "
            "into a file, or call run(workers=0)."
        )
    return [sys.executable, *sys.orig_argv[1:]]
