"""Python processes that need not import TensorFlow first.

One process has imported `tfgen`, and so TensorFlow and Keras, and what
trainings and commands import in their course, but has run no operation. It
forks a child for each program that a test starts; to the test,
`ForkServer.Popen` is `subprocess.Popen`. Seconds of imports become
milliseconds, and all else is as in a process of its own.

This file is both sides: imported it is the client, run the server.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import types
import warnings

# Read while modules are imported, which forked children do no more.
READ_ON_IMPORT = ("TF_", "XLA_", "CUDA", "OMP_", "KERAS_", "PYTHON", "LD_")
# What `import tfgen` takes for granted or sets.
DEFAULTS = {
    "KERAS_BACKEND": "tensorflow",
    "TF2_BEHAVIOR": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# Set by our conftest.py; matplotlib, which is not imported yet, reads it.
NOT_OF_USERS = (*DEFAULTS, "MPLBACKEND")
# Of other people's: what nearly every program imports in its course.
LATER = ("pydantic", "sklearn.datasets", "tensorboard.summary.v2", "typer")
STATUS = struct.Struct("i")
LONGEST = 200_000


class ForkServer:
    """Starts the server when the first program is."""

    def __init__(self):
        self.process = None
        self.environment = {
            k: v for k, v in os.environ.items() if k not in NOT_OF_USERS
        }

    def Popen(self, words, **options):
        """As `subprocess.Popen`, for `python FILE`, `python -c` and `tfgen`.

        Anything else, and an environment that imports would heed, is a real
        process.
        """
        words = [os.fspath(word) for word in words]
        program = _program(words)
        if program is None or not self._can_fork(options):
            return subprocess.Popen(words, **options)
        if self.process is None:
            self._start()
        return _Forked(self, program, words, **options)

    def run(self, words, *, check=False, capture_output=False, **options):
        """As `subprocess.run`."""
        timeout = options.pop("timeout", None)
        if capture_output:
            options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self.Popen(words, **options) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        done = subprocess.CompletedProcess(words, process.returncode, out, err)
        if check:
            done.check_returncode()
        return done

    def close(self):
        if self.process is not None:
            self.control.close()
            self.process.wait()

    def _can_fork(self, options):
        usual = ("cwd", "env", "stdin", "stdout", "stderr", "text")
        if set(options) - {*usual, "start_new_session"}:
            return False
        wanted = options.get("env")
        wanted = os.environ if wanted is None else wanted
        return _imported_with(wanted) == _imported_with(self.environment)

    def _start(self):
        self.control, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET
        )
        self.control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=self.environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for pytest
            )

    def fork(self, job, descriptors):
        """Process id of a new child."""
        rights = array.array("i", descriptors)
        self.control.sendmsg(
            [json.dumps(job).encode()],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)],
        )
        answer = self.control.recv(STATUS.size)
        if not answer:
            raise RuntimeError("the fork server has ended")
        return STATUS.unpack(answer)[0]


class _Forked(subprocess.Popen):
    """A child of the server, which tells through a pipe how it ended."""

    def __init__(self, server, program, words, start_new_session=False, **rest):
        self._server, self._program = server, program
        self._new_session = start_new_session
        self._ended, self._ends = os.pipe()
        super().__init__(words, **rest)

    def _execute_child(self, words, *arguments):
        cwd, environment = arguments[4:6]
        pipes = arguments[9:15]
        job = {
            "program": self._program,
            "words": words,
            "cwd": os.path.abspath(cwd or "."),
            "env": dict(os.environ if environment is None else environment),
            "new_session": self._new_session,
        }
        given = [pipes[0], pipes[3], pipes[5]]
        standard = [own if fd == -1 else fd for own, fd in enumerate(given)]
        self.pid = self._server.fork(job, [*standard, self._ends])
        self._child_created = True
        os.close(self._ends)
        self._close_pipe_fds(*pipes)

    def _try_wait(self, flags):
        if flags & os.WNOHANG:
            if not select.select([self._ended], [], [], 0)[0]:
                return 0, 0
        status = os.read(self._ended, STATUS.size)
        os.close(self._ended)
        if not status:  # the server ended first, and nobody knows
            return self.pid, signal.SIGKILL
        return self.pid, STATUS.unpack(status)[0]

    def _internal_poll(self, *_, **__):
        if self.returncode is None and self._waitpid_lock.acquire(False):
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


def _program(words):
    """The words after Python's own, as `sys.argv`; None if not ours."""
    first, *rest = words
    if first == sys.executable:
        is_ours = rest and (rest[0] == "-c" or not rest[0].startswith("-"))
        return rest if is_ours else None
    return words if os.path.basename(first) == "tfgen" else None


def _imported_with(environment):
    return DEFAULTS | {
        name: value
        for name, value in environment.items()
        if name.startswith((*READ_ON_IMPORT, *DEFAULTS))
    }


def serve(control):
    """Forks children until the client goes.

    Returns:
        In a child, what it has to run; in the server None.
    """
    before = set(os.environ)
    import tfgen  # noqa: F401
    from tfgen.probability import tfd

    tfd.Normal  # noqa: B018 - imports TensorFlow Probability
    for name in LATER:
        importlib.import_module(name)
    gc.freeze()  # else a collection in a child copies every page
    gc.set_threshold(100_000, 20, 50)
    added = {k: os.environ[k] for k in set(os.environ) - before}
    ended, wake_up = os.pipe()
    for fd in (ended, wake_up):
        os.set_blocking(fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_up)
    children = {}
    while True:
        ready = select.select([control, ended], [], [])[0]
        if ended in ready:
            os.read(ended, 4096)
            _tell_of_the_ended(children)
        if control not in ready:
            continue
        message, descriptors = socket.recv_fds(control, LONGEST, 4)[:2]
        if not message:
            return None
        child = _fork()
        if not child:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            for fd in (ended, wake_up, *children.values()):
                os.close(fd)
            return _begin(json.loads(message), descriptors, added)
        children[child] = descriptors.pop()
        for fd in descriptors:
            os.close(fd)
        control.send(STATUS.pack(child))


def _fork():
    with warnings.catch_warnings():
        # From 3.12 on Python counts the threads, which wait in NumPy's BLAS.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _tell_of_the_ended(children):
    for child in list(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            fd = children.pop(pid)
            with contextlib.suppress(BrokenPipeError):  # nobody waits
                os.write(fd, STATUS.pack(status))
            os.close(fd)


def _begin(job, descriptors, added):
    """Makes this child what a new process would be."""
    for own, fd in enumerate(descriptors[:3]):
        os.dup2(fd, own)
    for fd in descriptors:
        os.close(fd)
    if job["new_session"]:
        os.setsid()
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(added | job["env"])
    _open_standard_streams()
    import numpy as np

    np.random.seed()  # which Python does for its own generator
    return job


def _open_standard_streams():
    """As the interpreter does: a terminal is written to line by line."""

    def writer(fd, errors, by_line):
        buffering = 1 if by_line else -1
        return open(*(fd, "w", buffering, "utf-8", errors), closefd=False)

    out = writer(1, "strict", os.isatty(1))
    err = writer(2, "backslashreplace", True)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.__stdout__ = out
    sys.stderr = sys.__stderr__ = err


def run(job):
    """Runs `-c CODE` or a file as the main program."""
    argv = job["program"]
    main = types.ModuleType("__main__")
    if argv[0] == "-c":
        code, name, folder = argv[1], "<string>", ""
        argv = ["-c", *argv[2:]]
    else:
        name = main.__file__ = argv[0]
        folder = os.path.dirname(os.path.realpath(name))
        with open(name, encoding="utf-8") as file:
            code = file.read()
    sys.argv, sys.path[0] = argv, folder
    sys.orig_argv = [sys.executable, *job["program"]]
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    exec(compile(code, name, "exec"), vars(main))


if __name__ == "__main__":
    job = serve(socket.socket(fileno=int(sys.argv[1])))
    if job is not None:
        run(job)
