"""Hyperparameter search, imported as tfgen.tuning."""

if __name__ != "tfgen.tuning":
    raise ImportError(
        f"The folder tuning/ was imported as {__name__!r}, which would make a "
        "second copy of its classes. It is installed as tfgen.tuning: run "
        "`pip install -e .` in the repository, then `import tfgen.tuning`."
    )
