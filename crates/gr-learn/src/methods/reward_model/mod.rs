//! A reward model: learns from the labels of the few overseen episodes which goal was reached, and pays
//! for the unseen ones what it believes. The simplest of the semi-supervised methods that gradient
//! routing should be compared with.

mod columns;
mod network;

use gr_grid::rewards::GROUND_TRUTH;
use gr_grid::{
    Ending, EnvironmentRules, EpisodeStart, Observation, ObservationSpace, uniform_below,
};
use gr_runs::{Accepts, NOT_NEGATIVE, POSITIVE, Purpose, RunSpec, Seed, stream_at};
use columns::{MODEL_ACCURACY, MODEL_EXACT_ACCURACY, MODEL_LABELS, MODEL_LOSS};
use network::{ActiveInputs, RewardNetwork};
use serde::{Deserialize, Serialize};

use super::crediting::{Columns, Credit, Crediting};
use super::labels::{EndedEpisode, LabelMeter};
use super::memory::{self, Remembered};
use super::method::Method;
use super::picks;
use super::rules::training_rules;

gr_runs::method_settings! {
    /// Settings of the reward model (docs/experiment.md, section 11).
    reward_model: RewardModelSettings {
        /// The hidden layer has this many units.
        hidden: usize = 64, Accepts::Whole(1, 65_536);
        /// Adam's steps on the model have this size.
        learning_rate: f64 = 1e-3, POSITIVE;
        /// One step of the model draws this many labels, with replacement.
        batch: usize = 256, Accepts::Whole(1, 1_000_000);
        /// The model takes this many steps after each rollout.
        steps_per_update: usize = 4, Accepts::Whole(0, 1_000_000);
        /// The model sees where the episode ended ("terminal"), that with flags ("terminal_flags"), what
        /// the last action was taken on ("last"), or what the episode began with ("initial").
        sees: Sees = Sees::Terminal, Accepts::OneOf(&["terminal", "terminal_flags", "last", "initial"]);
        /// An unseen goal pays the expected reward, 1 - 2f ("expected"), or that of the likelier goal
        /// ("hard").
        pays: Pays = Pays::Expected, Accepts::OneOf(&["expected", "hard"]);
        /// So many models learn from the same labels, each from draws of its own.
        ensemble: usize = 1, Accepts::Whole(1, 1000);
        /// What is paid is the members' mean less this many of their standard deviations.
        caution: f64 = 0.0, NOT_NEGATIVE;
        /// Labelled are the episodes that ended on a flag ("flags"), or as many that the method picks after
        /// each rollout, at random ("random") or half of them where members differ most ("disagreement").
        labels: Labels = Labels::Flags, Accepts::OneOf(&["flags", "random", "disagreement"]);
    }
}

/// What the model sees of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sees {
    Terminal,
    TerminalFlags,
    Last,
    Initial,
}

/// What an unseen goal pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pays {
    Expected,
    Hard,
}

/// Which episodes are labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Labels {
    Flags,
    Random,
    Disagreement,
}

pub(super) static METHOD: Method = Method {
    label: "reward_model",
    summary: "one expert; a model learnt from the labels pays for the goals that nobody saw",
    source: "docs/experiment.md, section 11",
    crediting: |spec| Box::new(RewardModel::new(spec)),
    picks_labels: |spec| RewardModelSettings::of(&spec.settings).labels != Labels::Flags,
    settings: RewardModelSettings::KEYS,
    refuses,
    ..Method::SINGLE_EXPERT
};

fn refuses(spec: &RunSpec) -> Option<String> {
    let RewardModelSettings { pays, caution, labels, ensemble, sees, .. } =
        RewardModelSettings::of(&spec.settings);
    if pays == Pays::Hard && caution > 0.0 {
        Some(format!(
            "reward_model.pays = \"hard\" does not go with reward_model.caution = {caution:?}, which is \
             subtracted from an expected reward; set caution to 0 or pays to \"expected\""
        ))
    } else if caution > 0.0 && ensemble == 1 {
        Some(format!(
            "reward_model.caution = {caution:?} does nothing with reward_model.ensemble = 1: one model does \
             not differ from itself; set ensemble to 2 or more or caution to 0"
        ))
    } else if labels == Labels::Disagreement && ensemble == 1 {
        Some(
            "reward_model.labels = \"disagreement\" does not go with reward_model.ensemble = 1: one model \
             agrees with itself; set ensemble to 2 or more"
                .into(),
        )
    } else if sees == Sees::TerminalFlags && spec.settings.environment.spurious_oversight > 0.0 {
        Some(
            "reward_model.sees = \"terminal_flags\" does not go with environment.spurious_oversight above \
             0: labels are remembered with flags on goals only; set sees to \"terminal\""
                .into(),
        )
    } else {
        None
    }
}

/// The model of one run.
struct RewardModel {
    settings: RewardModelSettings,
    seed: Seed,
    rules: EnvironmentRules,
    /// Share of the goals that is picked, where the method picks.
    oversight: f64,
    members: Vec<RewardNetwork>,
    replay: Vec<Labelled>,
    /// The fraction of a pick that is owed.
    carried: f64,
    /// Mean loss of the latest steps, and accuracy on the latest labels before they were learnt.
    latest: [Option<f64>; 2],
}

/// A member as it is saved: parameters, Adam's means and squares of them, and its steps.
type MemberState = ([Vec<Vec<f32>>; 3], u64);

/// What the model saw of an episode; the note is 1 where the label said "ghost".
type Labelled = Remembered;

/// What is saved of a model.
#[derive(Serialize, Deserialize)]
struct State {
    members: Vec<MemberState>,
    replay: Vec<Labelled>,
    carried: f64,
    latest: [Option<f64>; 2],
}

fn is_ghost(label: &Labelled) -> bool {
    label.note() == 1
}

impl RewardModel {
    fn new(spec: &RunSpec) -> Self {
        let settings = RewardModelSettings::of(&spec.settings);
        let rules = training_rules(spec);
        let channels = if settings.sees == Sees::TerminalFlags { 4 } else { 3 };
        let inputs = channels * rules.grid.num_cells();
        let member = |member: usize| {
            let RewardModelSettings { hidden, learning_rate, .. } = settings;
            RewardNetwork::new(spec.seed, member as u64, inputs, hidden, learning_rate)
        };
        Self {
            seed: spec.seed,
            rules,
            oversight: spec.training_oversight(),
            members: (0..settings.ensemble).map(member).collect(),
            replay: Vec::new(),
            carried: 0.0,
            latest: [None; 2],
            settings,
        }
    }

    /// What the model sees of `episode`.
    fn seen(&self, episode: &EndedEpisode) -> Observation {
        match self.settings.sees {
            Sees::Terminal => episode.terminal.without_flags(),
            Sees::TerminalFlags => episode.terminal,
            Sees::Last => episode.last.without_flags(),
            Sees::Initial => {
                let EndedEpisode { env, episode: number, .. } = *episode;
                let mut stream = stream_at(self.seed, Purpose::Layouts, env, number);
                let EpisodeStart { agent, layout } = EpisodeStart::draw(&self.rules, &mut stream);
                Observation { agent, layout }.without_flags()
            }
        }
    }

    fn inputs(&self, state: &Observation) -> ActiveInputs {
        state.active_inputs(self.rules.grid.num_cells()).collect()
    }

    /// Mean over members of the probability of "ghost", and its population deviation.
    fn belief(&self, state: &Observation) -> (f32, f32) {
        let inputs = self.inputs(state);
        let members = self.members.iter().map(|member| member.probability(&inputs));
        let probabilities: Vec<f32> = members.collect();
        let number = probabilities.len() as f32;
        let mean = probabilities.iter().sum::<f32>() / number;
        let squares = probabilities.iter().map(|f| (f - mean) * (f - mean));
        (mean, (squares.sum::<f32>() / number).sqrt())
    }

    /// What an unseen goal pays that the model sees as `state`.
    fn pay(&self, state: &Observation) -> f32 {
        let (mean, deviation) = self.belief(state);
        match self.settings.pays {
            Pays::Hard if mean > 0.5 => -1.0,
            Pays::Hard => 1.0,
            // A member believes in 1 − 2f, which deviates twice as much as f.
            Pays::Expected => 1.0 - 2.0 * mean - self.settings.caution as f32 * 2.0 * deviation,
        }
    }

    /// Has the episodes labelled that the method picks.
    fn pick(&mut self, update_idx: u64, ended: &[EndedEpisode], meter: &mut LabelMeter) {
        let on_goal: Vec<&EndedEpisode> = ended.iter().filter(|e| e.on_goal).collect();
        let number = picks::owed(&mut self.carried, self.oversight, on_goal.len());
        let mut rng = stream_at(self.seed, Purpose::Picks, update_idx, 0);
        let mut picked = if self.settings.labels == Labels::Random {
            picks::uniform(number, on_goal.len(), &mut rng)
        } else {
            let states: Vec<Observation> = on_goal.iter().map(|e| self.seen(e)).collect();
            let deviations: Vec<f32> = states.iter().map(|state| self.belief(state).1).collect();
            picks::by_disagreement(number, &states, &deviations, &mut rng)
        };
        // Labels are read in the order of endings.
        picked.sort_unstable();
        for position in picked {
            on_goal[position].pick(meter);
        }
    }

    /// Appends what was labelled to the replay and takes the steps of an update.
    fn learn(&mut self, update_idx: u64, labelled: &[Labelled]) {
        let is_right = |label: &Labelled| (self.belief(&label.observation()).0 > 0.5) == is_ghost(label);
        let right = labelled.iter().filter(|label| is_right(label)).count();
        let number = labelled.len();
        self.latest = [None, (number > 0).then(|| right as f64 / number as f64)];
        self.replay.extend_from_slice(labelled);
        let RewardModelSettings { batch, steps_per_update, .. } = self.settings;
        if self.replay.is_empty() || steps_per_update == 0 {
            return;
        }
        let held = u32::try_from(self.replay.len()).expect("fewer labels than samples of a run");
        let num_cells = self.rules.grid.num_cells();
        let mut loss = 0.0;
        for (index, member) in self.members.iter_mut().enumerate() {
            let mut rng =
                stream_at(self.seed, Purpose::RewardModelBatches, update_idx, index as u64);
            for _ in 0..steps_per_update {
                let draw = |_| self.replay[uniform_below(&mut rng, held) as usize];
                let drawn: Vec<Labelled> = (0..batch).map(draw).collect();
                let inputs: Vec<ActiveInputs> =
                    drawn.iter().map(|d| d.observation().active_inputs(num_cells).collect()).collect();
                let pairs = inputs.iter().zip(&drawn);
                loss += member.step(pairs.map(|(i, d)| (i.as_slice(), is_ghost(d))));
            }
        }
        self.latest[0] = Some(loss / (self.members.len() * steps_per_update) as f64);
    }
}

impl Crediting for RewardModel {
    fn credit(
        &mut self,
        update_idx: u64,
        ended: &[EndedEpisode],
        meter: &mut LabelMeter,
        credits: &mut Vec<Credit>,
    ) {
        if self.settings.labels != Labels::Flags {
            self.pick(update_idx, ended, meter);
        }
        let labels: Vec<Option<Ending>> =
            ended.iter().map(|episode| episode.label(meter)).collect();
        let told = ended.iter().zip(&labels).filter_map(|(episode, label)| {
            let is_ghost = (*label)? == Ending::Ghost;
            Some(Labelled::new(&self.seen(episode), is_ghost.into()))
        });
        let labelled: Vec<Labelled> = told.collect();
        self.learn(update_idx, &labelled);
        credits.extend(ended.iter().zip(labels).map(|(episode, label)| {
            Credit::earning(match label {
                Some(label) => GROUND_TRUTH.pay(label, true),
                None if episode.on_goal => self.pay(&self.seen(episode)),
                None => 0.0,
            })
        }));
    }

    fn state(&self) -> Vec<u8> {
        let member = |network: &RewardNetwork| {
            let RewardNetwork { parameters, optimizer, steps, .. } = network;
            let (means, squares) = (optimizer.means.clone(), optimizer.squares.clone());
            ([parameters.clone(), means, squares], *steps)
        };
        let state = State {
            members: self.members.iter().map(member).collect(),
            replay: self.replay.clone(),
            carried: self.carried,
            latest: self.latest,
        };
        memory::to_bytes(&state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let State { members, replay, carried, latest } = memory::from_bytes(state)?;
        let numbers = |(groups, _): &MemberState| {
            groups.iter().flatten().flatten().all(|number| number.is_finite())
        };
        if !members.iter().all(numbers) {
            return Err("not what was saved".into());
        }
        let lengths = |tensors: &[Vec<f32>]| tensors.iter().map(Vec::len).collect::<Vec<_>>();
        let alike = |((groups, _), network): (&MemberState, &RewardNetwork)| {
            groups.iter().all(|group| lengths(group) == lengths(&network.parameters))
        };
        if members.len() != self.members.len() || !members.iter().zip(&self.members).all(alike) {
            return Err("a model of another shape".into());
        }
        let num_cells = self.rules.grid.num_cells();
        let sees_flags = self.settings.sees == Sees::TerminalFlags;
        let fits = |label: &Labelled| {
            let seen = label.observation();
            let has_no_other_flags = sees_flags || seen == seen.without_flags();
            label.is_on(num_cells) && label.note() <= 1 && has_no_other_flags
        };
        if !carried.is_finite() || !replay.iter().all(fits) {
            return Err("labels that are not of this grid".into());
        }
        for (network, ([parameters, means, squares], steps)) in self.members.iter_mut().zip(members)
        {
            (network.parameters, network.steps) = (parameters, steps);
            (network.optimizer.means, network.optimizer.squares) = (means, squares);
        }
        (self.replay, self.carried, self.latest) = (replay, carried, latest);
        Ok(())
    }

    fn training_columns(&self) -> Columns {
        let [loss, accuracy] = self.latest;
        let held = Some(self.replay.len() as f64);
        vec![(MODEL_LOSS, loss), (MODEL_LABELS, held), (MODEL_ACCURACY, accuracy)]
    }

    /// Exact accuracy over all states in which an episode can end on a goal, without flags; `None` of a
    /// model that sees something else.
    fn evaluation_columns(&self) -> Columns {
        let is_defined = matches!(self.settings.sees, Sees::Terminal | Sees::TerminalFlags);
        let accuracy = is_defined.then(|| {
            let space = ObservationSpace::new(self.rules.grid);
            let layouts = space.layouts().filter(|layout| layout.flags.0 == 0);
            let ends = layouts.flat_map(|layout| {
                [(layout.ghost, true), (layout.diamond, false)]
                    .map(|(agent, is_ghost)| (Observation { agent, layout }, is_ghost))
            });
            let right = ends.map(|(state, is_ghost)| (self.belief(&state).0 > 0.5) == is_ghost);
            let right: Vec<bool> = right.collect();
            right.iter().filter(|right| **right).count() as f64 / right.len() as f64
        });
        vec![(MODEL_EXACT_ACCURACY, accuracy)]
    }
}

#[cfg(test)]
mod tests;
