"""What TensorFlow's C++ runtime says when it fails."""


class RuntimeFailure(RuntimeError):
    """A status of the runtime other than OK.

    Args:
        what: What was tried.
        code: Number of tensorflow/core/protobuf/error_codes.proto.
        reason: The runtime's own words.
    """

    def __init__(self, what: str, code: int, reason: str):
        super().__init__(f"{what} (code {code}): {reason}")
        self.code = code
        self.reason = reason
