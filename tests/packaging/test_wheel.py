"""The wheel and the source archive, built, installed and imported."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"tfgen": "tfgen", "export": "tfgen/export", "tuning": "tfgen/tuning"}
NOT_SOURCE = shutil.ignore_patterns(
    *(".*", "build", "demo", "dist", "tests", "*.egg-info"),
    *("__pycache__", "*.pyc"),
)


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _not_source(folder, names):
    """As .gitignore: `runs` in the root holds runs, `tfgen/runs` is code."""
    runs = {"runs"} & set(names) if Path(folder) == ROOT else set()
    return NOT_SOURCE(folder, names) | runs


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The source archive, and the wheel built from it, of a copy."""
    folder = tmp_path_factory.mktemp("archives")
    shutil.copytree(ROOT, folder / "source", ignore=_not_source)
    run(sys.executable, "-m", "build", "--no-isolation", folder / "source")
    (source,) = (folder / "source" / "dist").glob("*.tar.gz")
    (wheel,) = (folder / "source" / "dist").glob("*.whl")
    return source, wheel


@pytest.fixture(scope="module")
def files(archives):
    """Every file of the three folders: path on disk -> path in the wheel."""
    copy = archives[0].parents[1]
    return {
        path.relative_to(copy).as_posix(): (
            f"{installed}/{path.relative_to(copy / folder).as_posix()}"
        )
        for folder, installed in FOLDERS.items()
        for path in (copy / folder).rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def clean_python(archives, tmp_path_factory):
    """Python with the wheel and what it requires, but no editable tfgen."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python]
    run(*pip, "install", "-qq", "--no-deps", "--no-index", archives[1])
    (site_packages,) = folder.glob("lib/*/site-packages")
    # A path in a .pth file does not bring in the .pth files found there, the
    # editable install among them, nor setuptools' stand-in for distutils.
    (site_packages / "required.pth").write_text(
        sysconfig.get_path("purelib")
        + "\nimport _distutils_hack; _distutils_hack.add_shim()\n"
    )
    return python


def test_wheel_holds_every_file(archives, files):
    names = set(zipfile.ZipFile(archives[1]).namelist())
    missing = set(files.values()) - names
    assert not missing, f"name them under package_data in setup.cfg: {missing}"


def test_wheel_holds_nothing_else(archives, files):
    names = set(zipfile.ZipFile(archives[1]).namelist())
    others = {name.split("/")[0] for name in names - set(files.values())}
    assert len(others) == 1
    assert others.pop().endswith(".dist-info")


def test_source_archive_holds_every_file(archives, files):
    with tarfile.open(archives[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "pyproject.toml", "setup.cfg"}
    assert wanted | set(files) <= names


def test_every_module_imports_from_the_wheel(clean_python, files, tmp_path):
    modules = sorted(
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in files.values()
        if path.endswith(".py")
    )
    code = f"""
import importlib, os
for name in {modules!r}:
    if not name.endswith("__main__"):
        print(os.path.realpath(importlib.import_module(name).__file__))
"""
    output = run(clean_python, "-c", code, cwd=tmp_path, env=environment())
    home = os.path.realpath(clean_python.parents[1])
    assert len(output.split()) >= len(modules) - 1
    assert all(path.startswith(home) for path in output.split())


def test_command_line_starts_from_the_wheel(clean_python, tmp_path):
    command = clean_python.with_name("tfgen")
    assert "Usage" in run(command, "--help", cwd=tmp_path, env=environment())


def environment():
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
