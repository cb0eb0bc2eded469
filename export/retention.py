"""Keeps the last versions of a model and removes those before."""

from collections.abc import Collection
from pathlib import Path

from tfgen.export.manifest import has_manifest
from tfgen.export.version_folders import list_versions, remove_versions


def keep_last(
    base: str | Path, keep: int, new: int, protect: Collection[int] = ()
) -> list[int]:
    """Remove all but the `keep` highest versions and those that must stay.

    Versions without a manifest of tfgen's neither count nor are removed.

    Args:
        base: Folder of one model's versions.
        keep: 1 or more.
        new: Version that was written just now.
        protect: Versions that stay besides, such as those that a server's
            configuration names.

    Returns:
        The versions that were removed.
    """
    stay = {new, *protect}

    def choose(paths: dict[int, Path]) -> list[int]:
        own = [
            version
            for version, path in paths.items()
            if not path.is_symlink() and has_manifest(path)
        ]
        return [version for version in own[:-keep] if version not in stay]

    return remove_versions(base, choose)


def check_keep(keep: int | None) -> None:
    """Raise ValueError for what is no number of versions."""
    if keep is None:
        return
    if not isinstance(keep, int) or isinstance(keep, bool) or keep < 1:
        raise ValueError(
            f"Expected keep to be an integer from 1 on, got {keep!r}. Leave it "
            "out to keep all versions."
        )


def check_protect(base: str | Path, protect: Collection[int]) -> None:
    """Raise ValueError for what is no version in `base`.

    A slip of the pen would else remove the version that was meant.
    """
    versions = list_versions(base)
    for version in protect:
        if isinstance(version, bool) or version not in versions:
            there = ", ".join(map(str, versions)) or "none"
            raise ValueError(
                f"Expected protect to name versions in {base} (there: "
                f"{there}), got {version!r}. Correct it or leave it out."
            )
