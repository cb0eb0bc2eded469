"""To a test, a forked process is as one that was started."""

import os
import signal
import subprocess
import sys

import pytest

WAIT = "import time; print('ready', flush=True); time.sleep(600)"


def python(code, *arguments):
    return [sys.executable, "-c", code, *arguments]


def test_has_tfgen_and_no_operation_run(fork_server, tmp_path):
    code = (
        "import os, sys\n"
        "modules = 'tfgen' in sys.modules, 'tfgen.cli' in sys.modules\n"
        "from tensorflow.python.eager import context\n"
        "print(modules, context.context()._initialized)\n"
        "print(sys.argv, os.getcwd(), os.environ['NAME'], input())\n"
        "sys.exit(3)\n"
    )
    process = fork_server.Popen(
        python(code, "word"),
        cwd=tmp_path,
        env={**os.environ, "NAME": "value"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate("typed\n")
    assert out.splitlines() == [
        "(True, False) False",
        f"['-c', 'word'] {tmp_path} value typed",
    ]
    assert (process.returncode, err) == (3, "")


def test_a_file_is_the_main_program(fork_server, tmp_path):
    (tmp_path / "beside.py").write_text("")
    program = tmp_path / "program.py"
    program.write_text(
        "import beside, sys\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].sys is sys\n"
        "print(sys.argv, sys.orig_argv)\n"
    )
    words = [sys.executable, str(program), "a"]
    done = fork_server.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"{words[1:]} {words}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_signals(fork_server, number):
    with fork_server.Popen(
        python(WAIT), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        process.send_signal(number)
        assert process.wait(60) == -number


def test_what_imports_would_heed_is_a_real_process(fork_server):
    code = "import sys; print('tfgen' in sys.modules)"
    for more, forked in (({}, True), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, False)):
        done = fork_server.run(
            python(code), env={**os.environ, **more}, capture_output=True
        )
        assert done.stdout.decode() == f"{forked}\n"
