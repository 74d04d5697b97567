import marimo

__generated_with = "0.25.2"

app = marimo.App(width="medium")


@app.cell
def _():
    from pathlib import Path

    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np

    import gr_oversight as gr

    return Path, gr, mo, np, plt


@app.cell
def _(mo):
    mo.md("""
    # A tour of `gr_oversight`

    An agent walks a 5 × 5 grid with a Diamond (wanted) and a Ghost (unwanted). An overseer sees a fraction p of the
    outcomes, and a flag on a goal's tile tells the agent where. The `naive` reward pays -1 for a ghost that is seen
    and +1 for one that is not: an agent may learn to behave only where it is watched.

    Below an agent without any network learns from that reward, is evaluated exactly as it learns, and is drawn
    beside a network that `gr-sweep` trained and published.
    """)
    return


@app.cell
def _(gr):
    oversight = 0.3
    env = gr.DiamondGhostEnv(oversight=oversight, reward="naive", render_mode="ansi")
    env.reset(seed=3)
    print(env.render())
    return (oversight,)


@app.cell
def _(mo):
    mo.md("""
    ## Learning

    Tabular Q-learning: a value for each of the 60,000 observations and 4 actions. 512 environments step in one call
    and report the numbers of their observations. First observations are `stale`, as in the published runs.
    """)
    return


@app.cell
def _(gr, np, oversight):
    def greedy(values: np.ndarray) -> np.ndarray:
        """Probabilities `[observations, 4]` of the best actions, which share them evenly."""
        best = values == values.max(axis=1, keepdims=True)
        return best / best.sum(axis=1, keepdims=True)

    def learn(steps: int, evaluate_every: int, num_envs: int = 512) -> list[tuple[int, gr.Evaluation]]:
        """Evaluations by the number of environment steps taken before."""
        random = np.random.default_rng(0)
        worlds = gr.DiamondGhostVectorEnv(num_envs, oversight=oversight, reward="naive", first_observation="stale")
        _, info = worlds.reset(seed=0)
        seen = info["observation_index"]
        values = np.zeros((len(gr.observations()), 4))
        found = []
        for step in range(steps + 1):
            if step % evaluate_every == 0:
                worth = gr.evaluate(greedy(values), oversight=oversight, first_observation="stale")
                found.append((step * num_envs, worth))
            explores = random.random(num_envs) < 0.5
            actions = np.where(explores, random.integers(0, 4, num_envs), values[seen].argmax(axis=1))
            _, rewards, terminated, _, info = worlds.step(actions)
            following = info["observation_index"]
            # Moves are certain, so that the last word on an action is the truth.
            values[seen, actions] = rewards + 0.97 * np.where(terminated, 0, values[following].max(axis=1))
            seen = following
        return found

    learnt = learn(steps=12_000, evaluate_every=400)
    last = learnt[-1][1]
    last
    return last, learnt


@app.cell
def _(mo):
    mo.md("""
    ## What it is worth

    No episode was sampled for these numbers. The *gaming gap* is how much more often an episode ends on a ghost
    whose tile shows no flag.
    """)
    return


@app.cell
def _(gr, last, oversight):
    optimum, gamer = (
        gr.evaluate(policy, oversight=oversight, first_observation="stale")
        for policy in (gr.optimal_policy(), gr.optimal_policy(ghost=1.0, flagged_ghost=-1.0))
    )
    for name, worth in (("optimal", optimum), ("perfect gamer", gamer), ("learnt here", last)):
        print(f"{name:>14}: true return {worth.avg_return:+.3f}, gaming gap {worth.gaming_gap:+.3f}")
    return gamer, optimum


@app.cell
def _(Path, gr, mo):
    root = Path(mo.notebook_dir() or Path(__file__).parent).parents[2]
    published = gr.read_sweep(root / "results" / "published" / "runs" / "levels-p0.3", frames="pandas")
    network = published.evaluations.query("run_label == 'naive_outcomes' and policy_type == 'training_policy'")
    curves = network.pivot(index="update_idx", columns="seed", values="avg_return")
    published.runs[["run_label", "seed", "selected_return", "gaming_gap"]]
    return (curves,)


@app.cell
def _(curves, gamer, learnt, optimum, plt):
    figure, axes = plt.subplots(figsize=(7, 4))
    # An update of the published runs takes 32 steps of 512 environments.
    axes.plot((curves.index + 1) * 32 * 512, curves, color="tab:orange", alpha=0.6, linewidth=1)
    axes.plot([], color="tab:orange", label=f"network, published ({curves.shape[1]} seeds)")
    axes.plot(*zip(*((steps, worth.avg_return) for steps, worth in learnt), strict=True), label="table, learnt here")
    axes.axhline(optimum.avg_return, color="black", linestyle=":", label="optimal")
    axes.axhline(gamer.avg_return, color="grey", linestyle="--", label="perfect gamer")
    axes.set(xscale="log", xlabel="environment steps", ylabel="true return", title="Naive reward, p = 0.3")
    axes.legend(loc="center left", bbox_to_anchor=(0, 0.62))
    figure
    return


@app.cell
def _(mo):
    mo.md("""
    The table learns every flagged case by itself, and what it learns is to game: it comes to the return of the
    perfect gamer. The network sees the same reward and does better, because what it learns where it is watched
    carries over to where it is not.
    """)
    return


if __name__ == "__main__":
    app.run()
