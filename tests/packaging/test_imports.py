"""What an import brings in, and which imports are refused."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["export", "tuning"])
def test_folder_cannot_be_imported_under_its_own_name(run_python, folder):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
try:
    import {folder}
except ImportError as error:
    print(error)
"""
    message = run_python.anew(code)
    assert f"tfgen.{folder}" in message
    assert "pip install -e ." in message


def test_importing_tfgen_leaves_the_optional_parts_alone(run_python):
    # Keras imports some of them where they are installed, so
    # they are made impossible to import rather than looked for afterwards.
    code = """
import sys
for name in (
    *("PIL", "grpc", "jinja2", "keras_tuner", "matplotlib", "pyarrow"),
    *("scipy", "sklearn", "tensorflow_probability", "tf_keras", "typer"),
):
    sys.modules[name] = None
import tfgen
print({"tfgen.export", "tfgen.tuning", "tfgen.cli"} & set(sys.modules))
"""
    assert run_python.anew(code) == "set()\n"
