"""What the tests share: the repository, its published results, and its programs.

Programs are looked for in the folder `GR_PROGRAMS`, by default `target/release` of the repository. Without
`GR_PROGRAMS` tests that need a program which is not there are skipped; with it they fail.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = ROOT / "results" / "published" / "runs"


def published_folders() -> list[Path]:
    """Every published folder that holds results of runs or trials."""
    folders = sorted({path.parent for path in PUBLISHED.rglob("*.csv")})
    assert len(folders) > 15
    return folders


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """Where a program of the harness is."""

    def find(name: str) -> Path:
        said = os.environ.get("GR_PROGRAMS")
        path = Path(said or ROOT / "target" / "release") / name
        if not path.is_file():
            if said:
                pytest.fail(f"there is no {path}")
            pytest.skip(f"there is no {path}; set GR_PROGRAMS to a folder that has it")
        return path

    return find


@pytest.fixture
def run(program: Callable[[str], Path]) -> Callable[..., str]:
    """Runs a program to its end and returns what it prints."""

    def run_program(name: str, *arguments: object) -> str:
        command = [program(name), *(str(argument) for argument in arguments)]
        ended = subprocess.run(command, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run_program


@pytest.fixture
def random() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)
