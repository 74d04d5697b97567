"""Golden values for the tests of gr-stats, computed with SciPy, NumPy, statsmodels and rliable.

    pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0 rliable==1.2.0 "pandas<3"
    python make_golden.py

writes values.json and bootstrap.json next to this file. Made with Python 3.11 and the versions
above. rliable.metrics gives the aggregates; rliable's own bootstrap (arch) cannot be handed its
resamples, so the bounds are SciPy's for the resamples that SciPy drew, which are stored.
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


def improvement(first, second):
    return stats.mannwhitneyu(first, second).statistic / (len(first) * len(second))


def leave_one_out(samples, statistic):
    return [
        [
            float(statistic(*samples[:k], np.delete(sample, i), *samples[k + 1 :]))
            for i in range(len(sample))
        ]
        for k, sample in enumerate(samples)
    ]


def bootstrap_case(name, samples, statistic, confidence, seed):
    samples = [np.array(sample, dtype=float) for sample in samples]
    found = {
        method: stats.bootstrap(
            samples,
            statistic,
            n_resamples=199,
            confidence_level=confidence,
            method=method,
            vectorized=False,
            rng=np.random.default_rng(seed),
        )
        for method in ("percentile", "BCa")
    }
    resampled = found["percentile"].bootstrap_distribution
    assert (resampled == found["BCa"].bootstrap_distribution).all()
    bounds = lambda result: [float(x) for x in result.confidence_interval]
    return {
        "name": name,
        "estimate": float(statistic(*samples)),
        "confidence": confidence,
        "resampled": [float(x) for x in resampled],
        "leave_one_out": leave_one_out(samples, statistic),
        "percentile": bounds(found["percentile"]),
        "bca": bounds(found["BCa"]),
    }


def bootstrap():
    # Eighths, sixteenths: sums are exact, so that SciPy sees the ties that there are.
    skewed = [0.125, 0.25, 0.375, 0.5, 0.625, 1.5, 2.25, 7.0]
    few = [-1.0, 0.25, 0.5, 2.0]
    binary = [0, 0, 1, 1, 1, 1, 1, 1]
    generator = np.random.default_rng(1)
    normal = generator.normal(0.7, 0.1, 12).round(4)
    other = generator.normal(0.65, 0.15, 9).round(4)
    return [
        bootstrap_case("mean of skewed values", [skewed], np.mean, 0.95, 1),
        bootstrap_case("mean of four values", [few], np.mean, 0.95, 2),
        bootstrap_case("mean of successes", [binary], np.mean, 0.9, 3),
        bootstrap_case("mean of normal values", [normal], np.mean, 0.99, 4),
        bootstrap_case("interquartile mean", [normal], iqm, 0.95, 5),
        bootstrap_case("median", [skewed[:7]], np.median, 0.95, 6),
        bootstrap_case("probability of improvement", [normal, other], improvement, 0.95, 7),
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


write("bootstrap.json", bootstrap())
write("values.json", values())
