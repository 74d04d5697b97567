"""Hands the scores of published runs to rliable, and holds what it makes of them against the harness's own statistics.

    python tests/rliable_check.py

Not a test of pytest: rliable needs an environment of its own (requirements-rliable.txt).
"""

import csv
import tempfile
from pathlib import Path

import numpy as np
from rliable import library, metrics

from gr_oversight import Scores, read_sweep, statistics

PUBLISHED = Path(__file__).resolve().parents[3] / "results" / "published" / "runs"


def published_scores() -> Scores:
    """Two methods, four seeds, three oversight levels."""
    rows = []
    for name in ("levels-p0.03", "levels-p0.1", "levels-p0.3"):
        with (PUBLISHED / name / "runs.csv").open() as file:
            rows += list(csv.DictReader(file))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "levels.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return read_sweep(path).scores(methods=["naive_outcomes", "routing"], seeds=range(4))


def main() -> None:
    """Interval estimates of both methods, and the probability that one improves on the other."""
    scores = published_scores()
    assert all(matrix.shape == (4, 3) for matrix in scores.values())
    aggregates, intervals = library.get_interval_estimates(
        scores, lambda matrix: np.array([metrics.aggregate_iqm(matrix), metrics.aggregate_mean(matrix)]), reps=200
    )
    for method, (iqm, mean) in aggregates.items():
        low, high = intervals[method][:, 0]
        print(f"{method}: interquartile mean {iqm:.4f} [{low:.4f}, {high:.4f}], mean {mean:.4f}")
        assert abs(iqm - statistics.interquartile_mean(scores[method].ravel())) < 1e-12
        assert low <= iqm <= high
    for column, level in enumerate(scores.levels):
        routing, naive = (scores[method][:, [column]] for method in ("routing", "naive_outcomes"))
        theirs = metrics.probability_of_improvement(routing, naive)
        ours = statistics.probability_of_improvement(routing[:, 0], naive[:, 0]).value
        print(f"p = {level:g}: routing ends above naive training with probability {ours:.3f}")
        assert abs(theirs - ours) < 1e-12


if __name__ == "__main__":
    main()
