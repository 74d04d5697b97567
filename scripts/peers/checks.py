"""Tests of pytorch_peer.py: each function whose name begins with `check_` is one, and its name the claim.

Run as it is; with `--golden DIR`, the comparison with recorded updates instead.
"""

import argparse
import json
import struct
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytorch_peer as peer
import torch
from policy_files import load_policy, published_name, read_safetensors

METHODS = ["naive_outcomes", "routing"]
# Of a tensor's largest gradient, and of a loss: two float32 implementations agree no better.
GRADIENT_TOLERANCE, LOSS_TOLERANCE = 1e-4, 1e-5


def play(first_observation, oversight, env_steps):
    """Random actions. Yields the state before, the actions, what is seen next, the state after, and the outcome."""
    rng = np.random.default_rng(1)
    environments = peer.Environments(oversight, first_observation, rng)
    for _ in range(env_steps):
        before = environments.state.copy()
        actions = rng.integers(4, size=peer.NUM_ENVS)
        seen, *outcome = environments.step(actions)
        yield before, actions, seen, environments.state.copy(), outcome


def check_moves_follow_the_grid_and_walls_stay():
    cells = [6, 6, 6, 6, 0, 0, 24, 24]
    actions = [0, 1, 2, 3, 0, 3, 1, 2]
    assert peer.NEXT_CELL[cells, actions].tolist() == [1, 7, 11, 5, 0, 0, 24, 24]


def check_episodes_start_on_distinct_cells_and_end_on_goals_or_after_33_steps():
    age, lengths, flags, starts = np.zeros(peer.NUM_ENVS, int), [], [], []
    for _, _, _, after, (done, on_diamond, on_ghost, overseen) in play("fresh", 0.3, 400):
        age += 1
        agent, ghost, diamond = after[:3]
        assert ((agent != ghost) & (agent != diamond) & (ghost != diamond)).all()
        assert not (overseen & ~(on_diamond | on_ghost)).any()
        assert (done == (on_diamond | on_ghost | (age == 33))).all()
        lengths += age[done].tolist()
        flags.append(after[3:, done])
        starts.append(agent[done])
        age[done] = 0
    assert max(lengths) == 33
    # About 9,000 episodes: four standard errors.
    assert abs(np.concatenate(flags, 1).mean() - 0.3) < 0.014
    assert np.bincount(np.concatenate(starts), minlength=25).min() > 0


def check_a_stale_observation_is_the_end_of_the_episode_before():
    for first_observation in ["fresh", "stale"]:
        for before, actions, seen, after, (done, *_) in play(first_observation, 0.3, 50):
            ended = before.copy()
            ended[0] = peer.NEXT_CELL[before[0], actions]
            assert (after[:, ~done] == ended[:, ~done]).all()
            assert (seen == (ended if first_observation == "stale" else after)).all()


def check_observations_are_one_cell_per_channel_and_the_flags():
    state = np.array([[3, 3], [4, 4], [24, 24], [0, 1], [1, 1]])
    observations = torch.zeros(2, 100)
    peer.write_observations(state, observations)
    assert observations[0].nonzero().flatten().tolist() == [3, 29, 74, 99]
    assert observations[1].nonzero().flatten().tolist() == [3, 29, 74, 79, 99]


def check_rewards_pay_for_either_goal_unless_an_overseer_sees_the_ghost():
    on_diamond, on_ghost, overseen = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 0, 1, 0]], dtype=bool)
    assert peer.pay("naive_outcomes", on_diamond, on_ghost, overseen).tolist() == [1, 1, 1, -1, 0]
    assert peer.pay("routing", on_diamond, on_ghost, overseen).tolist() == [1, 1, 1, 1, 0]


def check_returns_and_routes_stop_at_ends_of_episodes():
    done = np.array([[0], [1], [0], [1], [0]], dtype=bool)
    rewards = np.array([[0], [-1], [0], [1], [0]], dtype=np.float32)
    endings = np.array([[0], [peer.GHOST], [0], [peer.DIAMOND], [0]])
    returns, routes = peer.assign_credit(done, rewards, endings)
    assert torch.allclose(returns.flatten(), torch.tensor([-0.97, -1, 0.97, 1, 0]))
    assert routes.flatten().tolist() == [peer.GHOST, peer.GHOST, peer.DIAMOND, peer.DIAMOND, peer.BOTH]


def random_samples(num_samples, routes):
    environments = peer.Environments(0.5, "fresh", np.random.default_rng(2))
    observations = torch.zeros(num_samples, 100)
    peer.write_observations(environments.state[:, :num_samples].copy(), observations)
    returns = torch.linspace(-0.5, 1.5, num_samples)
    return observations, torch.arange(num_samples) % 4, returns, torch.as_tensor(routes).expand(num_samples)


def check_weights_start_within_their_bound_and_biases_at_zero():
    for method in METHODS:
        for network in peer.make_networks(method):
            for name, parameter in network.named_parameters():
                bound = 0.0 if name.endswith("bias") else parameter[0].numel() ** -0.5
                assert 0.7 * bound <= parameter.abs().max() <= bound, name


def check_gradients_reach_what_their_route_says():
    for route, reached in [
        (peer.BOTH, {"diamond_expert", "ghost_expert", "gate", "output"}),
        (peer.DIAMOND, {"diamond_expert", "output"}),
        (peer.GHOST, {"ghost_expert", "output"}),
    ]:
        policy, value_network = peer.make_networks("routing")
        observations, actions, _, routes = samples = random_samples(64, route)
        unmasked, routed = policy(observations)[0], policy(observations, routes)[0]
        assert (unmasked == routed).all(), "masks change no value"
        torch.log_softmax(routed, 1).gather(1, actions[:, None]).sum().backward()
        by_policy = {name.split(".")[0] for name, p in policy.named_parameters() if p.grad is not None and p.grad.any()}
        assert by_policy == reached, (route, by_policy)
        # Of the whole loss, the gate's own term teaches the gate where the outcome was seen.
        policy.zero_grad()
        peer.accumulate_gradients(policy, value_network, *samples)
        assert {name.split(".")[0] for name, p in policy.named_parameters() if p.grad.any()} == reached | {"gate"}


def check_the_loss_is_the_documents():
    samples = random_samples(60, torch.arange(60) % 3)
    for method in METHODS:
        policy, value_network = peer.make_networks(method)
        terms = peer.accumulate_gradients(policy, value_network, *samples)
        with torch.no_grad():
            logits, gate_logits = policy(samples[0])
            probabilities = torch.softmax(logits.double(), 1).numpy()
            values = value_network(samples[0]).double().numpy()
        expected = dict.fromkeys(terms, 0.0)
        for i, (action, discounted, route) in enumerate(zip(*(column.tolist() for column in samples[1:]))):
            p = probabilities[i]
            expected["policy_loss"] -= np.log(p[action]) * (discounted - values[i]) / 60
            expected["entropy_bonus"] += 0.1 * (p * np.log(p)).sum() / 60
            expected["value_loss"] += 0.5 * (values[i] - discounted) ** 2 / 60
            if method == "routing" and route != peer.BOTH:
                gate = torch.sigmoid(gate_logits[i, 0].double()).item()
                expected["gate_loss"] -= 0.01 * np.log(gate if route == peer.DIAMOND else 1 - gate) / 40
        for name, term in terms.items():
            assert abs(term - expected[name]) < 1e-6, (method, name, term, expected[name])


def check_chunks_and_the_affine_value_network_change_no_gradient():
    samples = random_samples(512, torch.arange(512) % 3)
    whole = {"CHUNK": 512, "ARGUMENTS": SimpleNamespace(affine_value=False)}
    variants = [{**whole, "CHUNK": 96}, {**whole, "ARGUMENTS": SimpleNamespace(affine_value=True)}]
    for method in METHODS:
        networks = torch.nn.ModuleList(peer.make_networks(method))
        gradients = []
        for settings in [whole, *variants]:
            before = {name: getattr(peer, name) for name in settings}
            vars(peer).update(settings)
            networks.zero_grad()
            peer.accumulate_gradients(*networks, *samples)
            vars(peer).update(before)
            gradients.append({name: p.grad.clone() for name, p in networks.named_parameters()})
        for other in gradients[1:]:
            for name, gradient in gradients[0].items():
                assert difference(other[name], gradient) < GRADIENT_TOLERANCE, (method, name)


def check_policies_of_gr_are_read_transposed():
    for method in METHODS:
        written, read = peer.make_networks(method)[0], peer.make_networks(method)[0]
        # As crates/gr-learn/src/policy_file.rs writes them: weights [inputs, outputs], biases [1, outputs].
        header, data = {"__metadata__": {"gr": "{}"}}, b""
        for name, parameter in written.named_parameters():
            stored = parameter.detach().flatten(1).T if name.endswith("weight") else parameter.detach()[None]
            start, data = len(data), data + stored.contiguous().numpy().tobytes()
            header[name] = {"dtype": "F32", "shape": list(stored.shape), "data_offsets": [start, len(data)]}
        text = json.dumps(header).encode()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "policy.safetensors"
            path.write_bytes(struct.pack("<Q", len(text)) + text + data)
            load_policy(method, read, path)
        pairs = zip(written.parameters(), read.parameters())
        assert all((ours == theirs).all() for ours, theirs in pairs), method


def check_updates_run_and_move_every_weight():
    for method in METHODS:
        networks = torch.nn.ModuleList(peer.make_networks(method))
        before = [parameter.clone() for parameter in networks.parameters()]
        environments = peer.Environments(0.3, "stale", np.random.default_rng(3))
        states = peer.update(method, *networks, peer.make_optimizer(*networks), environments)
        assert states.shape == (32, 5, 512)
        for (name, parameter), old in zip(networks.named_parameters(), before):
            assert parameter.isfinite().all() and (parameter != old).any(), name


def difference(ours, recorded):
    """Largest difference as a fraction of the largest recorded entry."""
    return ((ours - recorded).abs().max() / recorded.abs().max()).item()


def compare_with_recorded(folder, method):
    """Largest differences of gradients and losses from a recorded update of the published code."""
    recorded = read_safetensors(folder / f"{method}.safetensors")
    policy, value_network = peer.make_networks(method)
    names = {name: published_name(method, name) for name, _ in policy.named_parameters()}
    layers = {"mixing": 0, "0": 2, "1": 3, "2": 4}
    for name, _ in value_network.named_parameters():
        layer, part = name.split(".")
        names["value." + name] = f"value.neural_net.{layers[layer]}.{part}"
    parameters = dict(policy.named_parameters())
    parameters |= {"value." + name: p for name, p in value_network.named_parameters()}
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(recorded["weight." + names[name]])

    cells_and_flags = ["agent_cell", "ghost_cell", "diamond_cell", "ghost_flag", "diamond_flag"]
    state = torch.stack([recorded[name].flatten().long() for name in cells_and_flags])
    observations = torch.zeros(state.shape[1], 100)
    peer.write_observations(state.numpy(), observations)
    done = recorded["done"].numpy() == 1
    on_diamond, on_ghost, overseen = (
        recorded["info_" + name].numpy() == 1 for name in ["reached_diamond", "reached_ghost", "oversight"]
    )
    rewards = peer.pay(method, on_diamond, on_ghost, overseen)
    returns, routes = peer.assign_credit(done, rewards, peer.endings_of(on_diamond, on_ghost, overseen))
    assert difference(returns, recorded["return"]) < LOSS_TOLERANCE, "returns"
    samples = recorded["action"].flatten().long(), returns.flatten(), routes.flatten()
    terms = peer.accumulate_gradients(policy, value_network, observations, *samples)
    terms["loss"] = sum(terms.values())

    worst = max((difference(p.grad, recorded["grad." + names[name]]), name) for name, p in parameters.items())
    logged = json.loads((folder / "losses.json").read_text())[method]
    # The published code logs the entropy term of one of its methods with the other sign.
    worst_loss = max((abs(abs(term) - abs(logged[name])) / abs(logged[name]), name) for name, term in terms.items())
    print(f"{method}: gradients of {len(parameters)} tensors within {worst[0]:.1e} ({worst[1]}),")
    print(f"    returns and {len(terms)} losses within {worst_loss[0]:.1e} ({worst_loss[1]})")
    return worst[0] < GRADIENT_TOLERANCE and worst_loss[0] < LOSS_TOLERANCE


def run(golden):
    """The exit status: 1 if anything failed."""
    if golden:
        return int(not all([compare_with_recorded(golden, method) for method in METHODS]))
    failed = 0
    torch.manual_seed(0)
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            claim = name.removeprefix("check_").replace("_", " ")
            try:
                check()
                print("ok     ", claim)
            except AssertionError as error:
                failed += 1
                print("FAILED ", claim, error)
    return int(failed > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golden", type=Path, metavar="DIR", help="a folder with recorded updates")
    sys.exit(run(parser.parse_args().golden))
