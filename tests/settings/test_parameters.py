"""Parameters of a search space with another default."""

from tfgen.settings.parameters import Choice, Condition, Fixed, Range


def test_a_range_is_as_wide_as_its_default():
    sizes = Range(4, 64, 16, log=True, step=2)
    assert sizes.with_default(8) == Range(4, 64, 8, log=True, step=2)
    assert sizes.with_default(2) == Range(2, 64, 2, log=True, step=2)
    assert sizes.with_default(96) == Range(4, 96, 96, log=True, step=2)


def test_a_choice_has_its_default():
    only = Condition("loss", ("hinge",))
    names = Choice(("constant", "cosine"), "constant", only)
    assert names.with_default("cosine").values == ("constant", "cosine")
    other = names.with_default("warmup")
    assert other == Choice(("constant", "cosine", "warmup"), "warmup", only)


def test_one_value_becomes_the_other():
    assert Fixed(1).with_default(3) == Fixed(3)
