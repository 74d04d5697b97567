//! Plays environments with random actions and prints every step as CSV: what the environments of another language
//! are held against.
//!
//! `environment_steps seed=7 first_observation=stale envs=4 steps=2500 oversight=0.3 flag_visibility=0.5 cells=0,6,12`

use std::collections::HashMap;

use gr_grid::rewards::REWARDS;
use gr_grid::{
    Action, Environment, EnvironmentRules, EpisodeStart, FirstObservation, Flags, Grid,
    Observation, uniform_below, unit_interval,
};
use gr_runs::{Purpose, stream_at};

fn main() {
    let arguments: HashMap<String, String> = std::env::args()
        .skip(1)
        .map(|argument| {
            let (key, value) = argument.split_once('=').expect("arguments are KEY=VALUE");
            (key.into(), value.into())
        })
        .collect();
    let text = |key: &str, default: &str| arguments.get(key).map_or(default, |it| it).to_string();
    let whole = |key, default| text(key, default).parse::<u64>().expect("a whole number");
    let probability = |key, default| text(key, default).parse::<f64>().expect("a number");
    let rules = EnvironmentRules {
        grid: Grid::new(whole("rows", "5") as usize, whole("cols", "5") as usize).unwrap(),
        max_step: whole("max_step", "32") as u32,
        oversight: probability("oversight", "0.01"),
        spurious_oversight: probability("spurious_oversight", "0"),
        first_observation: match text("first_observation", "fresh").as_str() {
            "fresh" => FirstObservation::Fresh,
            "stale" => FirstObservation::Stale,
            other => panic!("first_observation is {other}"),
        },
        flag_visibility: probability("flag_visibility", "1"),
        overseen_cells: match text("cells", "").as_str() {
            "" => Flags::ALL,
            cells => cells.split(',').map(|cell| cell.parse::<u8>().unwrap()).collect(),
        },
    };
    let label_noise = probability("label_noise", "0");
    let (seed, envs, steps) = (whole("seed", "0"), whole("envs", "1"), whole("steps", "100"));

    let draws = |purpose, env, episode, probability: f64| {
        unit_interval(&mut stream_at(seed, purpose, env, episode)) < probability
    };
    let begin = |env, episode| {
        let mut stream = stream_at(seed, Purpose::Layouts, env, episode);
        Environment::new(EpisodeStart::draw(&rules, &mut stream))
    };
    let shown = |env, episode, observation: Observation| {
        let shows_flags = draws(Purpose::FlagVisibility, env, episode, rules.flag_visibility);
        if shows_flags { observation } else { observation.without_flags() }
    };
    let cells = |it: Observation| {
        let layout = it.layout;
        format!("{},{},{},{}", it.agent, layout.ghost, layout.diamond, layout.flags.0)
    };

    let rewards = REWARDS.map(|reward| reward.name).join(",");
    println!(
        "env,episode,action,agent,ghost,diamond,flags,ending,overseen,is_mislabelled,{rewards}"
    );
    let mut environments: Vec<Environment> = (0..envs).map(|env| begin(env, 0)).collect();
    let mut episodes = vec![0; envs as usize];
    for (env, environment) in (0..envs).zip(&environments) {
        println!("{env},0,,{},,,,,,,", cells(shown(env, 0, environment.observation())));
    }
    for step in 0..steps {
        let mut actions = stream_at(seed, Purpose::Actions, step, 0);
        for (env, environment) in (0..envs).zip(&mut environments) {
            let episode = &mut episodes[env as usize];
            let action = Action::from_index(uniform_below(&mut actions, 4) as usize);
            let Some(ending) = environment.step(&rules, action) else {
                let seen = cells(shown(env, *episode, environment.observation()));
                println!("{env},{episode},{},{seen},,,,,,,", action.index());
                continue;
            };
            let (terminal, overseen) = (environment.observation(), environment.is_overseen());
            let terminal = shown(env, *episode, terminal);
            let is_mislabelled = draws(Purpose::LabelNoise, env, *episode, label_noise);
            let paid = REWARDS.map(|reward| reward.pay(ending, overseen).to_string()).join(",");
            *episode += 1;
            *environment = begin(env, *episode);
            let seen = match rules.first_observation {
                FirstObservation::Fresh => shown(env, *episode, environment.observation()),
                FirstObservation::Stale => terminal,
            };
            println!(
                "{env},{episode},{},{},{ending:?},{overseen},{is_mislabelled},{paid}",
                action.index(),
                cells(seen)
            );
        }
    }
}
