"""Runs the harness's programs, which are installed beside Python."""

from __future__ import annotations

import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from gr_oversight.sweeps import Sweep, read_sweep


class SweepError(RuntimeError):
    """A sweep that did not come to its end.

    Attributes:
        exit_code: Exit code of `gr-sweep`: 1 where runs have failed or others are training them, 2 for bad input.
        sweep: What there is, where the program says in which folder.
    """

    def __init__(self, message: str, exit_code: int, found: Sweep | None):
        super().__init__(message)
        self.exit_code = exit_code
        self.sweep = found


def find_program(name: str) -> Path:
    """Where a program of the harness is installed: `gr-sweep`, `gr-search`, `gr-policy` or `gr-figures`, on the
    path or beside this Python.

    Raises:
        FileNotFoundError: If it is not installed.
    """
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError(
            f"{name} is not on the path; install it with `cargo install --path crates/gr-sweep`, or from a wheel of "
            "scripts/programs_wheel.sh"
        )
    return Path(found)


def sweep(arguments: Sequence[str | os.PathLike[str]], *, frames: str | None = None, progress: bool = True) -> Sweep:
    """Trains a sweep with the installed `gr-sweep`, or goes on with it, and returns its results.

    `sweep(["--methods", "routing", "--oversight", "0.3", "--seeds", "0..2", "--updates", "1000"])`. An interrupt
    (Ctrl-C) lets the program save; the same call continues.

    Args:
        arguments: Arguments of `gr-sweep`, but for `--json`, which is added.
        frames: As in `read_sweep`.
        progress: Whether progress is shown: bars on a terminal, else a line now and then, both on stderr.

    Raises:
        FileNotFoundError: If `gr-sweep` is not installed.
        SweepError: If runs have failed or the arguments are not accepted; its text is what the program says.
        TypeError: If the arguments are no sequence.
        ValueError: If they name a subcommand or what it prints instead of results.
    """
    if isinstance(arguments, (str, bytes)) or not isinstance(arguments, Sequence):
        accepted = 'a list, as in ["--oversight", "0.3"]'
        raise TypeError(f"arguments are a {type(arguments).__name__}; accepted: {accepted}")
    words = [os.fspath(argument) for argument in arguments]
    for word in words:
        if word in ("--dry-run", "--json", "--help", "-h", "--version", "-V") or (word == words[0] and word[:1] != "-"):
            raise ValueError(f"arguments have {word!r}; accepted: flags of a sweep, as in gr-sweep --help")
    command = [str(find_program("gr-sweep")), *words, "--json"]
    output, said, exit_code = _run(command, progress)
    folder = json.loads(output).get("folder") if output.strip().startswith("{") else None
    found = read_sweep(folder, frames=frames) if folder else None
    if exit_code != 0 or found is None:
        raise SweepError(f"gr-sweep ended with exit code {exit_code}: {said}", exit_code, found)
    return found


def _run(command: Sequence[str], progress: bool) -> tuple[str, str, int]:
    """Output, the last lines of stderr, and the exit code of a program that is told of an interrupt."""
    on_terminal = progress and sys.stderr.isatty()
    errors = None if on_terminal else subprocess.PIPE
    last: collections.deque[str] = collections.deque(maxlen=20)
    # In a group of its own, so that an interrupt comes once and from here.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        start_new_session=not on_terminal,
    ) as process:
        reader = threading.Thread(target=_follow, args=(process.stderr, last, progress)) if not on_terminal else None
        try:
            if reader:
                reader.start()
            output = process.stdout.read() if process.stdout else ""
            process.wait()
        except KeyboardInterrupt:
            if not on_terminal:
                process.send_signal(signal.SIGINT)
            process.wait()
            raise
        finally:
            if reader:
                reader.join()
    said = "".join(last).strip() if last else "see what it printed above"
    return output, said, process.returncode


def _follow(lines: IO[str] | None, last: collections.deque[str], progress: bool) -> None:
    for line in lines or ():
        last.append(line)
        if progress:
            sys.stderr.write(line)
            sys.stderr.flush()
