"""Trains a small PyTorch policy on the environment for a minute and evaluates it exactly as it learns.

    python examples/pytorch_policy.py

Needs `torch` beside the package; any architecture that takes `[batch, 4, rows, cols]` will do.
"""

import argparse

import torch

from gr_oversight import DiamondGhostVectorEnv, evaluate

DISCOUNT = 0.97
ROLLOUT = 32
NUM_ENVS = 512


def returns_to_go(rewards: torch.Tensor, ended: torch.Tensor) -> torch.Tensor:
    """Discounted returns `[time, envs]` inside one rollout; what lies past its end counts as 0."""
    returns = torch.zeros_like(rewards)
    following = torch.zeros(rewards.shape[1])
    for time in reversed(range(len(rewards))):
        following = rewards[time] + DISCOUNT * following * ~ended[time]
        returns[time] = following
    return returns


def main() -> None:
    """Trains with REINFORCE under the naive reward and prints what the policy is really worth."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--oversight", type=float, default=0.3)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    arguments = parser.parse_args()

    torch.manual_seed(0)
    policy = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(100, 128), torch.nn.ReLU(),
        torch.nn.Linear(128, 128), torch.nn.ReLU(), torch.nn.Linear(128, 4),
    )  # fmt: skip
    optimizer = torch.optim.Adam(policy.parameters(), lr=arguments.learning_rate)
    env = DiamondGhostVectorEnv(NUM_ENVS, oversight=arguments.oversight, reward="naive")
    seen, _ = env.reset(seed=0)
    print("update  return  unflagged  gaming gap")
    for update in range(arguments.updates + 1):
        if update % 50 == 0:
            worth = evaluate(policy, oversight=arguments.oversight, convert=torch.from_numpy)
            print(
                f"{update:>6}  {worth.avg_return:+.3f}  {worth.avg_return_unflagged:+9.3f}  {worth.gaming_gap:+10.3f}"
            )
        observations, actions, rewards, ended = [], [], [], []
        for _ in range(ROLLOUT):
            observations.append(torch.from_numpy(seen))
            with torch.no_grad():
                chosen = torch.distributions.Categorical(logits=policy(observations[-1])).sample()
            seen, reward, terminated, truncated, _ = env.step(chosen.numpy())
            actions.append(chosen)
            rewards.append(torch.from_numpy(reward).float())
            ended.append(torch.from_numpy(terminated | truncated))
        returns = returns_to_go(torch.stack(rewards), torch.stack(ended))
        acted = torch.distributions.Categorical(logits=policy(torch.cat(observations)))
        advantages = (returns - returns.mean()).flatten()
        loss = -(acted.log_prob(torch.cat(actions)) * advantages).mean() - 0.01 * acted.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    main()
