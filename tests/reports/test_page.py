import base64
import io

import jinja2
import numpy as np
import PIL.Image
import pytest

from tfgen.reports.page import data_uri, write_page

TEMPLATE = """{% extends "base.html" %}
{% from "tables.html" import table %}
{% block style %}p { color: red }{% endblock %}
{% block body %}<p>{{ text }}</p>{{ table(["<i>"], [["<b>"]]) }}{% endblock %}
"""


@pytest.fixture
def template(tmp_path):
    template = tmp_path / "template.html"
    template.write_text(TEMPLATE)
    return template


def test_a_page_says_what_it_was_given(tmp_path, template):
    path = tmp_path / "page.html"
    write_page(path, template, title="a & <b>", text="<script>1</script>")
    page = path.read_text()
    assert page.startswith("<!doctype html>")
    assert page.count("a &amp; &lt;b&gt;") == 2  # title and heading
    assert "<p>&lt;script&gt;1&lt;/script&gt;</p>" in page
    assert "<th>&lt;i&gt;</th>" in page and "<td>&lt;b&gt;</td>" in page
    # Quotes and angle brackets of the style are no text.
    assert "p { color: red }" in page and "max-width: 1500px" in page
    assert "default-src 'none'" in page


def test_what_a_page_lacks_is_an_error(tmp_path, template):
    with pytest.raises(jinja2.UndefinedError, match="'text' is undefined"):
        write_page(tmp_path / "page.html", template, title="no text")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (3, 5, 3)])
def test_pictures_stay_as_they_are(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    head, _, data = data_uri(picture).partition(",")
    assert head == "data:image/png;base64"
    read = PIL.Image.open(io.BytesIO(base64.b64decode(data)))
    np.testing.assert_array_equal(read, picture.reshape(np.shape(read)))
