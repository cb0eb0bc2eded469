"""Hooks of mkdocs: pages that are made, and links that hold in both places.

A page of the API is made of its line in `nav`. README.md and other pages
outside docs/ are shown as they are; links, written for the repository, are
turned into those of the site.
"""

import configparser
import html.parser
import pathlib
import posixpath
import re
import shutil

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pygments.formatters import HtmlFormatter

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / "build/docs-sources"
LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")
CODE = re.compile(r"`[^`\n]+`")
OUTSIDE_DOCS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "benchmarks/QUALITY.md": "benchmarks/QUALITY.md",
    "benchmarks/SPEED.md": "benchmarks/SPEED.md",
    "examples/wasserstein_autoencoder.py": "wasserstein-autoencoder.md",
}
"""Pages by their place in the repository; code is shown as code."""
LOADS = {"link": "href", "script": "src", "img": "src", "iframe": "src"}


def on_startup(**_) -> None:
    """Lays the packages out as they are installed, where griffe reads them.

    export/ and tuning/ stand at the top level of the repository and are
    tfgen.export and tfgen.tuning. At startup: mkdocstrings passes over paths
    that are not there when it reads its configuration.
    """
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    shutil.rmtree(SOURCES, ignore_errors=True)
    for line in setup["options"]["package_dir"].split("\n"):
        if line:
            package, folder = line.split(" = ")
            shutil.copytree(
                ROOT / folder,
                SOURCES.joinpath(*package.split(".")),
                ignore=shutil.ignore_patterns("__pycache__"),
            )


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are not in docs/."""
    for path, page in OUTSIDE_DOCS.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        if path.endswith(".py"):
            text = f"# {path}\n\n```python\n{text}```\n"
        files.append(File.generated(config, page, content=text))
    for page in _pages_in(config.nav):
        if page.startswith("api/"):
            package = f"tfgen.{pathlib.PurePath(page).stem}"
            text = f"# {package}\n\n::: {package}\n"
            files.append(File.generated(config, page, content=text))
    colours = HtmlFormatter().get_style_defs(".highlight")
    files.append(File.generated(config, "pygments.css", content=colours))
    return files


def on_page_markdown(markdown: str, page: Page, **_) -> str:
    """Turns links between files of the repository into those of the site."""
    here = _in_repository(page.file.src_uri)

    def of_site(match):
        target = posixpath.normpath(
            posixpath.join(posixpath.dirname(here), match[2])
        )
        start = posixpath.dirname(page.file.src_uri)
        return match[1] + posixpath.relpath(_on_site(target), start) + match[3]

    # In code within tables GitHub wants bars escaped, mkdocs does not.
    return CODE.sub(
        lambda match: match[0].replace("\\|", "|"),
        LINK.sub(of_site, markdown),
    )


def on_post_build(config: MkDocsConfig) -> None:
    """Refuses a site that loads something from elsewhere.

    Raises:
        PluginError: with the page and the address.
    """
    found = list(loaded_from_outside(pathlib.Path(config.site_dir)))
    if found:
        raise PluginError(f"the site loads from outside: {', '.join(found)}")


def loaded_from_outside(site: pathlib.Path):
    """Yields `page: address` for what a page or a style loads by network."""
    for path in sorted(site.rglob("*.html")):
        for address in _Loads.of(path.read_text(encoding="utf-8")):
            if address.startswith(("http:", "https:", "//")):
                yield f"{path.relative_to(site)}: {address}"
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for address in re.findall(
            r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')]+)""", text
        ):
            yield f"{path.relative_to(site)}: {address}"


class _Loads(html.parser.HTMLParser):
    """Addresses that a browser loads with a page."""

    @classmethod
    def of(cls, text):
        parser = cls()
        parser.found = []
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        is_link_to_read = attributes.get("rel") in ("canonical", "next", "prev")
        address = attributes.get(LOADS.get(tag))
        if address and not is_link_to_read:
            self.found.append(address)


def _pages_in(nav):
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [value] if isinstance(value, str) else _pages_in(value)


def _in_repository(page):
    places = {site: path for path, site in OUTSIDE_DOCS.items()}
    return places.get(page, f"docs/{page}")


def _on_site(path):
    return OUTSIDE_DOCS.get(path, path.removeprefix("docs/"))
