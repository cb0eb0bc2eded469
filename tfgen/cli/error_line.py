"""An error as one line for the user of a command."""

import inspect
import re

# What Python code inside a TensorFlow pipeline raised: its type and message,
# between TensorFlow's own words and a traceback.
_FROM_PIPELINE = re.compile(r"\b\w+Error: (.+?)\s*Traceback \(most rec", re.S)


def error_line(error: Exception) -> str:
    """What came, what was expected, what to do: on one line.

    Messages name Python arguments; those that are options of a command are
    written as such (`--batch-size` for `batch_size`).
    """
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}."
    text = str(error)
    ours = isinstance(error, (ValueError, OSError, FloatingPointError))
    if not ours and (found := _FROM_PIPELINE.search(text)):
        text, ours = found[1], True
    text = _as_options(" ".join(text.split())) or type(error).__name__
    if ours:
        return text
    return f"{type(error).__name__}: {text} (--debug shows where)"


def _as_options(text: str) -> str:
    for name in _option_names():
        # A name of one word is an argument only where a value follows.
        end = r"(?![\w/.'\"])" if "_" in name else r"(?==[^=])"
        argument = rf"(?<![-\w/.'\"]){name}{end}"
        text = re.sub(argument, f"--{name.replace('_', '-')}", text)
    return text


def _option_names():
    from tfgen.cli.evaluate import evaluate
    from tfgen.cli.export import export
    from tfgen.cli.sample import sample
    from tfgen.cli.train import train
    from tfgen.cli.tune import tune

    return dict.fromkeys(
        name
        for command in (train, tune, sample, evaluate, export)
        for name in inspect.signature(command).parameters
        if name not in ("model", "run", "runs", "out", "to")
    )
