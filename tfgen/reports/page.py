"""Pages for a person: one file each, nothing loaded from outside."""

import base64
import functools
import io
import pathlib

import numpy as np

from tfgen.reports.short_text import number
from tfgen.training.files import write_text

FOLDER = pathlib.Path(__file__).parent


def write_page(
    path: pathlib.Path | str, template: pathlib.Path, **values: object
) -> None:
    """Writes a page, in light or dark as the reader's browser is.

    Args:
        path: path of the file, which is there whole or not at all.
        template: a Jinja2 template that extends `base.html` of this folder.
        values: what it shows, `title` among them. Texts are escaped. A value
            that the template names and nobody gave is an error.
    """
    page = _templates(template.parent).get_template(template.name)
    write_text(path, page.render(values))


@functools.cache
def _templates(folder):
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, FOLDER]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["number"] = number
    return templates


def data_uri(picture: np.ndarray) -> str:
    """The source of an `<img>`.

    Args:
        picture: uint8 `(height, width, 1 or 3)`, or `(height, width)`.
    """
    from PIL import Image

    if picture.shape[2:] == (1,):
        picture = picture[..., 0]
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
