"""Golden values for the tests of gr-stats, computed with SciPy, NumPy, statsmodels and rliable.

    pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0 rliable==1.2.0 "pandas<3"
    python make_golden.py

writes values.json next to this file. Made with Python 3.11 and the versions above. rliable.metrics
gives the aggregates.
"""

import json
from pathlib import Path

import numpy as np
from rliable import metrics
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

FOLDER = Path(__file__).parent


def iqm(values):
    return stats.trim_mean(values, 0.25)


def values():
    generator = np.random.default_rng(0)
    lists = [generator.normal(1, 2, n).round(5).tolist() for n in (1, 2, 3, 4, 5, 7, 8, 11, 30)]
    lists.append(np.repeat([0.1, 0.3, 0.7], 3).tolist())

    aggregates = []
    for x in lists:
        assert np.isclose(metrics.aggregate_iqm(np.array(x)[:, None]), iqm(x), rtol=1e-15)
        aggregates.append(
            {"values": x, "mean": np.mean(x), "median": np.median(x), "interquartile_mean": iqm(x)}
        )

    student = [
        {"n": n, "confidence": confidence, "critical": stats.t.ppf(0.5 + 0.5 * confidence, n - 1)}
        for confidence in (0.5, 0.9, 0.95, 0.99, 0.999)
        for n in (2, 3, 5, 8, 10, 20, 50, 100, 1000)
    ]

    wilson = []
    for successes, trials in ((0, 1), (0, 10), (1, 10), (5, 10), (7, 8), (10, 10), (317, 1000)):
        for confidence in (0.8, 0.95, 0.99):
            low, high = proportion_confint(successes, trials, 1 - confidence, method="wilson")
            other = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
            assert np.allclose([low, high], other, atol=1e-12)
            wilson.append(
                {
                    "successes": successes,
                    "trials": trials,
                    "confidence": confidence,
                    "low": low,
                    "high": high,
                }
            )

    slopes = []
    for n, offset in ((2, 0), (10, 0), (50, 1e6)):
        xs = (offset + generator.uniform(0, 100, n)).round(4)
        ys = (0.3 * (xs - offset) + generator.normal(0, 5, n)).round(4)
        slopes.append(
            {"xs": xs.tolist(), "ys": ys.tolist(), "slope": stats.linregress(xs, ys).slope}
        )

    improvements = []
    for n, m, decimals in ((1, 1, 0), (5, 5, 0), (8, 6, 1), (10, 10, 4)):
        first = generator.normal(1, 1, n).round(decimals)
        second = generator.normal(0.5, 1, m).round(decimals)
        found = metrics.probability_of_improvement(first[:, None], second[:, None])
        improvements.append(
            {"first": first.tolist(), "second": second.tolist(), "probability": found}
        )

    first = generator.normal(1, 1, 8).round(4)
    second = (first - generator.normal(0.3, 0.2, 8)).round(4)
    interval = stats.ttest_rel(first, second).confidence_interval(0.95)
    paired = {
        "first": first.tolist(),
        "second": second.tolist(),
        "mean": (first - second).mean(),
        "low": interval.low,
        "high": interval.high,
    }

    return {
        "aggregates": aggregates,
        "student": student,
        "wilson": wilson,
        "slopes": slopes,
        "improvements": improvements,
        "paired": paired,
    }


def write(name, content):
    text = json.dumps(content, default=float)
    (FOLDER / name).write_text(text.replace("}, {", "},\n{") + "\n")


write("values.json", values())
