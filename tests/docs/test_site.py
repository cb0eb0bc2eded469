"""The site: pages that are made are up to date, whole and stand alone."""

import importlib.util
import pathlib
import re
import runpy
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
SITE = ROOT / "docs" / "site"


def nav():
    """The pages of the site by title."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    return dict(_titles(config["nav"]))


def _titles(entries):
    for entry in entries:
        for title, value in entry.items():
            below = [(title, value)] if isinstance(value, str) else None
            yield from below or _titles(value)


def public_names():
    path = ROOT / "tests" / "conformance" / "test_public_names.py"
    return runpy.run_path(str(path))["NAMES"]


def test_the_page_of_settings_is_that_of_the_table():
    made = runpy.run_path(str(SITE / "write_settings.py"))["page"]()
    assert made == (ROOT / "docs" / "settings.md").read_text(), "run make docs"


def test_every_package_with_public_names_has_a_page():
    pages = {title for title, page in nav().items() if page.startswith("api/")}
    assert pages == set(public_names()) - {"tfgen"}


def test_every_how_to_is_in_the_navigation():
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages <= set(nav().values())


@pytest.mark.parametrize(
    "page",
    [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")],
    ids=lambda path: path.name,
)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


needs_mkdocs = pytest.mark.skipif(
    importlib.util.find_spec("mkdocstrings_handlers") is None,
    reason="needs tfgen[docs]",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    # Strict: a warning ends it.
    command = [sys.executable, "-m", "mkdocs", "build", "-q", "-d", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


@needs_mkdocs
class TestBuilt:
    def test_every_public_name_is_documented(self, site):
        for package, names in public_names().items():
            if package == "tfgen":
                continue
            page = site / "api" / f"{package.removeprefix('tfgen.')}.html"
            ids = set(re.findall(r'id="([^"]+)"', page.read_text()))
            assert {f"{package}.{name}" for name in names} - ids == set()

    def test_examples_are_code(self, site):
        text = (site / "api" / "losses.html").read_text()
        assert "Example:" not in text
        assert '<span class="gp">&gt;&gt;&gt; </span>' in text

    def test_bars_in_tables_of_code_are_not_escaped(self, site):
        text = (site / "vaes.html").read_text()
        assert "<code>log p(x|z)</code>" in text

    def test_nothing_comes_from_outside(self, site):
        assert len(list(site.rglob("*.html"))) > 30
        outside = runpy.run_path(str(SITE / "pages.py"))["loaded_from_outside"]
        assert list(outside(site)) == []

    def test_what_comes_from_outside_is_found(self, tmp_path):
        (tmp_path / "page.html").write_text(
            '<script src="https://example.org/a.js"></script>'
            '<link rel="canonical" href="https://example.org/">'
            '<a href="https://example.org/">a link to follow</a>'
        )
        (tmp_path / "style.css").write_text("a { b: url(//example.org/f) }")
        outside = runpy.run_path(str(SITE / "pages.py"))["loaded_from_outside"]
        assert list(outside(tmp_path)) == [
            "page.html: https://example.org/a.js",
            "style.css: //example.org/f",
        ]
