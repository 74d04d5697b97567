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
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

FOLDER = Path(__file__).parent


def iqm(values):
    return stats.trim_mean(values, 0.25)


def welch_tail(a, b, margin, alternative):
    shifted = np.array(a) - margin
    return stats.ttest_ind(shifted, b, equal_var=False, alternative=alternative).pvalue


def welch(a, b):
    interval = stats.ttest_ind(a, b, equal_var=False)
    bounds = interval.confidence_interval(0.95), interval.confidence_interval(0.9)
    return {
        "a": a,
        "b": b,
        "difference": np.mean(a) - np.mean(b),
        "degrees": interval.df,
        "half_width": (bounds[0].high - bounds[0].low) / 2,
        "half_width_90": (bounds[1].high - bounds[1].low) / 2,
        "above": welch_tail(a, b, 0.1, "greater"),
        "below": welch_tail(a, b, -0.2, "less"),
    }


def judged(pairs):
    """Verdicts from intervals; Holm at level 0.05, with tests at 0.025 brought to that level."""
    verdicts, scaled = [], []
    for a, b in pairs:
        found = stats.ttest_ind(a, b, equal_var=False)
        wide, narrow = found.confidence_interval(0.95), found.confidence_interval(0.9)
        if wide.low > 0.1:
            verdicts.append("beats")
            scaled.append(2 * welch_tail(a, b, 0.1, "greater"))
        elif -0.1 <= narrow.low and narrow.high <= 0.1:
            verdicts.append("matches")
            scaled.append(
                max(welch_tail(a, b, -0.1, "greater"), welch_tail(a, b, 0.1, "less"))
            )
        elif wide.high < 0:
            verdicts.append("worse")
            scaled.append(2 * welch_tail(a, b, 0, "less"))
        else:
            verdicts.append("undecided")
            scaled.append(1.0)
    stands = multipletests(scaled, 0.05, method="holm")[0]
    return [
        {"a": a, "b": b, "verdict": verdict, "stands": None if verdict == "undecided" else bool(s)}
        for (a, b), verdict, s in zip(pairs, verdicts, stands)
    ]


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

    differences = []
    for n, m, spread in ((2, 2, 1), (8, 8, 0.1), (3, 12, 5), (30, 9, 0.01)):
        a = generator.normal(0.3, 0.2, n).round(4).tolist()
        b = generator.normal(0.2, 0.2 * spread, m).round(4).tolist()
        differences.append(welch(a, b))

    families = []
    for size in (1, 4, 6, 6):
        pairs = [
            (
                generator.normal(0.3 + shift, 0.08, 9).round(3).tolist(),
                generator.normal(0.3, 0.08, 8).round(3).tolist(),
            )
            for shift in (0.25, 0.02, -0.1, 0.1, 0.2, -0.15)[:size]
        ]
        families.append(judged(pairs))

    return {
        "aggregates": aggregates,
        "student": student,
        "wilson": wilson,
        "slopes": slopes,
        "improvements": improvements,
        "paired": paired,
        "differences": differences,
        "families": families,
    }


def write(name, content):
    text = json.dumps(content, default=float)
    (FOLDER / name).write_text(text.replace("}, {", "},\n{") + "\n")


write("values.json", values())
