"""A server for development that answers as TensorFlow Serving does.

Nothing here imports TensorFlow's Python package: the process of `tfgen serve`
does without it, as TensorFlow Serving does.
"""

from tfgen.export.development_server.server import (
    DevelopmentServer as DevelopmentServer,
)
