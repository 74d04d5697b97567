//! The reward model without generalisation: an unseen goal pays what labels said of the very same cells.

use std::collections::BTreeMap;

use gr_grid::rewards::GROUND_TRUTH;
use gr_grid::{Cell, Layout, Observation};

use super::crediting::{Credit, Crediting};
use super::labels::{EndedEpisode, LabelMeter};
use super::memory;
use super::method::Method;

pub(super) static METHOD: Method = Method {
    label: "reward_table",
    summary: "one expert; an unseen goal pays the mean label of the same agent, ghost and diamond cells",
    source: "docs/experiment.md, section 11",
    crediting: |_| Box::new(RewardTable::default()),
    ..Method::SINGLE_EXPERT
};

/// Sum of labels, as rewards, and their number, by cells of agent, ghost and diamond.
#[derive(Default)]
struct RewardTable(BTreeMap<[Cell; 3], (i64, u64)>);

fn cells(episode: &EndedEpisode) -> [Cell; 3] {
    let Observation { agent, layout: Layout { ghost, diamond, .. } } = episode.terminal;
    [agent, ghost, diamond]
}

impl Crediting for RewardTable {
    fn credit(
        &mut self,
        _update_idx: u64,
        ended: &[EndedEpisode],
        meter: &mut LabelMeter,
        credits: &mut Vec<Credit>,
    ) {
        let Self(table) = self;
        let truth = |ending| GROUND_TRUTH.pay(ending, true);
        let labels: Vec<Option<f32>> =
            ended.iter().map(|episode| episode.label(meter).map(truth)).collect();
        for (episode, label) in ended.iter().zip(&labels) {
            if let Some(reward) = label {
                let (sum, number) = table.entry(cells(episode)).or_default();
                *sum += *reward as i64;
                *number += 1;
            }
        }
        let mean = |episode: &EndedEpisode| {
            let known = table.get(&cells(episode)).filter(|_| episode.on_goal);
            known.map_or(0.0, |(sum, number)| *sum as f32 / *number as f32)
        };
        credits.extend(
            ended
                .iter()
                .zip(labels)
                .map(|(episode, label)| Credit::earning(label.unwrap_or_else(|| mean(episode)))),
        );
    }

    fn state(&self) -> Vec<u8> {
        memory::to_bytes(&self.0)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.0 = memory::from_bytes(state)?;
        Ok(())
    }
}
