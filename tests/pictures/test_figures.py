import numpy as np

from tfgen.pictures import figures


def draw(name):
    figure = figures.new_figure(200, 100)
    axes = figure.subplots()
    figures.points(axes, np.array([[0.0, 1.0], [2.0, 3.0]]), "red", "a & b")
    axes.legend()
    return figures.to_svg(figure, name)


def test_svgs_are_equal_and_hold_texts():
    svg = draw("one")
    assert svg == draw("one")
    assert svg.startswith("<svg") and svg.rstrip().endswith("</svg>")
    # 2 inches of 72 points, for 200 pixels of 100 an inch.
    assert 'viewBox="0 0 144 72"' in svg
    assert ">a &amp; b</text>" in svg
    assert "<metadata>" not in svg and 'id="axes_1"' not in svg


def test_svgs_of_a_page_have_names_of_their_own():
    assert draw("one") != draw("other")


def test_texts_and_pictures_stand_where_they_should():
    figure = figures.new_figure(100, 60)
    figures.write(figure, "X", 50, 20, ha="center", fontsize=12)
    picture = figures.to_array(figure)
    assert not figure.texts  # nor what else keeps the figure in memory
    rows, columns = np.nonzero(picture.min(axis=-1) < 128)
    assert abs(rows.mean() - 20) < 3 and abs(columns.mean() - 50) < 2
    red = np.uint8([255, 0, 0])
    figures.paste(picture, np.tile(red, (2, 3, 1)), 10, 40)
    assert (picture[40:42, 10:13] == red).all()
    assert (picture == red).all(axis=-1).sum() == 6
