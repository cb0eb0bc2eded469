"""What setup.cfg, constraints.txt and the committed files promise."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FOLDERS = {"tfgen": "tfgen", "export": "tfgen.export", "tuning": "tfgen.tuning"}


def options(section):
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config[section]


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def packages_on_disk():
    for folder, package in FOLDERS.items():
        for path in [ROOT / folder, *(ROOT / folder).rglob("*")]:
            if path.is_dir() and any(path.glob("*.py")):
                parts = path.relative_to(ROOT / folder).parts
                yield ".".join([package, *parts])


def test_packages_in_setup_cfg_are_the_folders():
    assert lines(options("options")["packages"]) == sorted(packages_on_disk())


def test_every_package_has_an_init_file():
    folders = {
        path.parent
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    assert [f for f in folders if not (f / "__init__.py").exists()] == []


def test_constraints_pin_every_requirement():
    pins = {}
    for line in lines((ROOT / "constraints.txt").read_text()):
        if not line.startswith("#"):
            name, _, version = line.partition("==")
            pins[canonicalize_name(name)] = version
    required = lines(options("options")["install_requires"])
    for extra in options("options.extras_require").values():
        required += lines(extra)
    for text in required:
        requirement = Requirement(text)
        if requirement.name == "tfgen":
            continue
        version = pins.get(canonicalize_name(requirement.name))
        assert version, f"constraints.txt lacks {requirement.name}"
        assert version in requirement.specifier, f"{text}, pinned to {version}"


def test_extra_dev_holds_what_tests_need():
    extras = options("options.extras_require")
    (own,) = [
        Requirement(line)
        for line in lines(extras["dev"])
        if line.startswith("tfgen")
    ]
    assert own.extras == set(extras) - {"dev", "docs", "release"}


def test_changelog_knows_the_version():
    version = options("metadata")["version"]
    headings = re.findall(
        r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert headings[0] in ("Unreleased", version)


def test_committed_files_name_no_private_places():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    # Written in two parts, so that this file does not hold them itself.
    halves = ["/wor k/", "../sha red", "pypi .org", "registry.np mjs"]
    words = [half.replace(" ", "") for half in halves]
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            text = path.read_bytes().decode(errors="ignore")
            found += [f"{name}: {word}" for word in words if word in text]
    assert found == []
