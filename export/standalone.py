"""Commands that need TensorFlow's C++ runtime but not its Python package.

    python export/standalone.py verify serving/vae
    python export/standalone.py serve serving/vae --rest-port 0

`import tfgen` imports TensorFlow. So this file is run by its path, and puts
two empty packages in the place of `tfgen` and `tfgen.export`, the latter with
the folder of this file; then the modules below import as they always do,
while no `__init__.py` runs.
"""

import importlib
import os
import sys
import types
from pathlib import Path

_MODULES = {
    "serve": "tfgen.export.development_server.server",
    "verify": "tfgen.export.verification",
}
_ENVIRONMENT = {
    # Start-up chatter is kept from the user; errors come through TF_Status.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # The expected answers hold for any device, the tolerance for the CPU.
    "CUDA_VISIBLE_DEVICES": "-1",
}


def process_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line of a process for it, and its environment."""
    # -P: this folder's file names must not hide other modules.
    command = [sys.executable, "-P", os.path.abspath(__file__), *arguments]
    return command, {**os.environ, **_ENVIRONMENT}


def stand_in_packages() -> None:
    """Make the modules of this folder importable, and no others of tfgen."""
    folder = str(Path(__file__).resolve().parent)
    for name, folders in (("tfgen", []), ("tfgen.export", [folder])):
        package = types.ModuleType(name)
        package.__path__ = folders
        sys.modules[name] = package


def main() -> int:
    """Run a command; an error is one line and the status 1."""
    os.environ.update(_ENVIRONMENT)
    stand_in_packages()
    command, *arguments = sys.argv[1:] or [""]
    if command not in _MODULES:
        print(f"tfgen: expected one of {sorted(_MODULES)}", file=sys.stderr)
        return 2
    try:
        run = importlib.import_module(_MODULES[command]).main
        return run(arguments)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"tfgen: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
