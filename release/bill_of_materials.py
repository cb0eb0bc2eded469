"""What an installation of the wheel holds, as CycloneDX beside the wheel.

    python release/bill_of_materials.py dist

The packages that tfgen requires, and those that these require, in the versions
that are installed here, which constraints.txt pins.
"""

import importlib.metadata
import json
import pathlib
import subprocess
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required(name, extras=(), found=None):
    """{name: version} of a package and all that it requires here."""
    found = {} if found is None else found
    distribution = importlib.metadata.distribution(name)
    key = canonicalize_name(name)
    if key in found and not extras:
        return found
    found[key] = distribution.version
    for text in distribution.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate({"extra": extra}) for extra in (extras or ("",))
        ):
            required(requirement.name, requirement.extras, found)
    return found


def bill(packages):
    """CycloneDX of the packages, of which tfgen is the one described."""
    version = packages.pop("tfgen")
    lines = "\n".join(f"{n}=={v}" for n, v in sorted(packages.items()))
    # Reproducible: no date and no random numbers in it.
    command = [sys.executable, "-m", "cyclonedx_py", "requirements"]
    command += ["--output-reproducible", "--of", "JSON", "-"]
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    found.setdefault("metadata", {})["component"] = {
        "type": "library",
        "bom-ref": "root-component",
        "name": "tfgen",
        "version": version,
        "purl": f"pkg:pypi/tfgen@{version}",
    }
    return found


def main():
    (folder,) = sys.argv[1:]
    packages = required("tfgen")
    path = pathlib.Path(folder, f"tfgen-{packages['tfgen']}.cdx.json")
    path.write_text(json.dumps(bill(packages), indent=1) + "\n")
    print(f"{path}: {len(packages)} packages")


if __name__ == "__main__":
    main()
