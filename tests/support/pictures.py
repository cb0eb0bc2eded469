"""What takes longer than the small trainings of most tests: their pictures."""


def leave_out(patch):
    """No pictures of examples, and none on the pages of searches."""
    leave_out_of_runs(patch)
    leave_out_of_pages(patch)


def leave_out_of_runs(patch):
    """No pictures of examples."""
    patch.setattr("tfgen.pictures.examples.can_show", lambda model: False)


def leave_out_of_pages(patch):
    """No plots on the pages of searches; all else stands there."""
    for name, nothing in (
        *(("score_over_trials", ""), ("slices", {})),
        ("learning_curves", None),
    ):
        plot = f"tfgen.tuning.report.plots.{name}"
        patch.setattr(plot, lambda view, nothing=nothing: nothing)
