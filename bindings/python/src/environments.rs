//! [`Worlds`] for Python: numpy arrays in and out, one call for all environments.

use gr_grid::rewards::{GROUND_TRUTH, REWARDS, Reward};
use gr_grid::{Action, Ending, NUM_ACTIONS, Observation, render};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::observations::{position, write_inputs};
use crate::rules::{Rules, wrong};
use crate::worlds::{Ended, Pay, Worlds};

/// Environments that step together. `first` is the number of the first one among those of a seed.
#[pyclass(module = "gr_oversight._native")]
pub struct Environments {
    rules: gr_grid::EnvironmentRules,
    pay: Pay,
    num_envs: usize,
    first: u64,
    /// Nothing before the first reset.
    worlds: Option<Worlds>,
}

/// Observations as network inputs `[envs, 4 × cells]` and as positions `[envs]`.
type Seen<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray1<i64>>);

#[pymethods]
impl Environments {
    #[new]
    fn new(
        rules: &Rules,
        reward: &str,
        label_noise: f64,
        num_envs: usize,
        first: u64,
    ) -> PyResult<Self> {
        let reward = Reward::find(reward).ok_or_else(|| {
            wrong("reward", reward, &REWARDS.map(|reward| reward.name).join(", "))
        })?;
        let pay = Pay { reward, label_noise };
        Ok(Self { rules: rules.0, pay, num_envs, first, worlds: None })
    }

    /// Begins the first episode of every environment of `seed`.
    fn reset(&mut self, seed: u64) {
        self.worlds = Some(Worlds::new(self.rules, self.pay, seed, self.first, self.num_envs));
    }

    /// Begins the next episode of the environments where `mask` `[envs]` is true.
    fn begin_next(&mut self, mask: PyReadonlyArray1<'_, bool>) -> PyResult<()> {
        let worlds = self.worlds.as_mut().ok_or_else(not_reset)?;
        let mask = mask.as_array();
        if mask.len() != worlds.num_envs() {
            return Err(wrong("mask", mask.len(), "one value for each environment"));
        }
        mask.iter()
            .enumerate()
            .filter(|(_, begins)| **begins)
            .for_each(|(env, _)| worlds.begin_next(env));
        Ok(())
    }

    /// What every environment shows now, whichever first observations are.
    fn observe<'py>(&self, py: Python<'py>) -> PyResult<Seen<'py>> {
        let worlds = self.worlds.as_ref().ok_or_else(not_reset)?;
        let all: Vec<Observation> = (0..worlds.num_envs()).map(|env| worlds.seen(env)).collect();
        Ok(self.arrays(py, &all))
    }

    /// Index of the episode that every environment is in, `[envs]`.
    fn episodes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let worlds = self.worlds.as_ref().ok_or_else(not_reset)?;
        Ok(PyArray1::from_slice(py, worlds.episodes()))
    }

    /// One environment as text.
    fn draw(&self, env: usize) -> PyResult<String> {
        let worlds = self.worlds.as_ref().ok_or_else(not_reset)?;
        if env >= worlds.num_envs() {
            return Err(wrong("env", env, &format!("below {}", worlds.num_envs())));
        }
        Ok(render::observation(worlds.rules().grid, &worlds.seen(env)))
    }

    /// Takes a step everywhere. With `autoreset` the next episodes begin at once, and what follows an end is the
    /// first observation.
    ///
    /// Returns observations, positions, rewards, terminations and truncations, and where an episode ended a
    /// dictionary of what is known of it.
    #[expect(clippy::type_complexity, reason = "the parts of a Gymnasium step")]
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        actions: PyReadonlyArray1<'_, i64>,
        autoreset: bool,
    ) -> PyResult<(
        Seen<'py>,
        Bound<'py, PyArray1<f64>>,
        [Bound<'py, PyArray1<bool>>; 2],
        Option<Bound<'py, PyDict>>,
    )> {
        let actions = checked(&actions, self.num_envs)?;
        let worlds = self.worlds.as_mut().ok_or_else(not_reset)?;
        let mut observations = Vec::with_capacity(actions.len());
        let (mut rewards, mut ends) = (vec![0.0; actions.len()], Vec::new());
        let [mut terminated, mut truncated] =
            [vec![false; actions.len()], vec![false; actions.len()]];
        for (env, action) in actions.into_iter().enumerate() {
            let Some(ended) = worlds.step(env, action) else {
                observations.push(worlds.seen(env));
                continue;
            };
            rewards[env] = f64::from(ended.reward);
            let out_of_time = ended.ending == Ending::TimeLimit;
            (terminated[env], truncated[env]) = (!out_of_time, out_of_time);
            if autoreset {
                worlds.begin_next(env);
                observations.push(worlds.first_seen(&ended));
            } else {
                observations.push(ended.terminal);
            }
            ends.push(ended);
        }
        let ends = if ends.is_empty() { None } else { Some(self.ends(py, &ends)?) };
        let seen = self.arrays(py, &observations);
        let flags = [terminated, truncated].map(|flags| PyArray1::from_vec(py, flags));
        Ok((seen, PyArray1::from_vec(py, rewards), flags, ends))
    }
}

impl Environments {
    fn arrays<'py>(&self, py: Python<'py>, observations: &[Observation]) -> Seen<'py> {
        let num_cells = self.rules.grid.num_cells();
        let inputs = PyArray2::zeros(py, [observations.len(), 4 * num_cells], false);
        {
            let mut values = inputs.readwrite();
            let values = values.as_slice_mut().expect("a new array is contiguous");
            for (observation, row) in
                observations.iter().zip(values.chunks_exact_mut(4 * num_cells))
            {
                write_inputs(num_cells, observation, row);
            }
        }
        let positions = observations.iter().map(|it| position(num_cells, it) as i64);
        (inputs, PyArray1::from_iter(py, positions))
    }

    /// What is known of the episodes that ended, a row for every environment: -1, 0 and false where none did.
    fn ends<'py>(&self, py: Python<'py>, ends: &[Ended]) -> PyResult<Bound<'py, PyDict>> {
        let num_cells = self.rules.grid.num_cells();
        let known = PyDict::new(py);
        let inputs = PyArray2::<f32>::zeros(py, [self.num_envs, 4 * num_cells], false);
        {
            let mut values = inputs.readwrite();
            let values = values.as_slice_mut().expect("a new array is contiguous");
            for ended in ends {
                let row = &mut values[ended.env * 4 * num_cells..][..4 * num_cells];
                write_inputs(num_cells, &ended.terminal, row);
            }
        }
        known.set_item("observation", inputs)?;
        let column = |unset: i64, value: &dyn Fn(&Ended) -> i64| {
            let mut column = vec![unset; self.num_envs];
            ends.iter().for_each(|ended| column[ended.env] = value(ended));
            PyArray1::from_vec(py, column)
        };
        known.set_item(
            "observation_index",
            column(-1, &|it| position(num_cells, &it.terminal) as i64),
        )?;
        known.set_item("ending", column(-1, &|it| code(it.ending)))?;
        known.set_item("label", column(-1, &|it| it.label.map_or(-1, code)))?;
        known.set_item("length", column(0, &|it| i64::from(it.length)))?;
        let mut overseen = vec![false; self.num_envs];
        let mut true_reward = vec![0.0; self.num_envs];
        for ended in ends {
            overseen[ended.env] = ended.overseen;
            true_reward[ended.env] = f64::from(GROUND_TRUTH.pay(ended.ending, ended.overseen));
        }
        known.set_item("overseen", PyArray1::from_vec(py, overseen))?;
        known.set_item("true_reward", PyArray1::from_vec(py, true_reward))?;
        Ok(known)
    }
}

/// An ending as a number: its position in `gr_oversight.ENDINGS`.
fn code(ending: Ending) -> i64 {
    match ending {
        Ending::Diamond => 0,
        Ending::Ghost => 1,
        Ending::TimeLimit => 2,
    }
}

/// The actions, before any of them is taken.
fn checked(actions: &PyReadonlyArray1<'_, i64>, num_envs: usize) -> PyResult<Vec<Action>> {
    let actions = actions.as_array();
    if actions.len() != num_envs {
        return Err(wrong(
            "actions",
            format!("of {} environments", actions.len()),
            &format!("{num_envs}"),
        ));
    }
    let action = |(env, action): (usize, &i64)| match usize::try_from(*action) {
        Ok(index) if index < NUM_ACTIONS => Ok(Action::from_index(index)),
        _ => Err(PyValueError::new_err(format!(
            "action {action} of environment {env}; accepted: 0 up, 1 right, 2 down, 3 left"
        ))),
    };
    actions.iter().enumerate().map(action).collect()
}

fn not_reset() -> PyErr {
    PyRuntimeError::new_err("the environments have not been reset")
}
