//! Where in a file a policy lies: under which names, and behind which prefix.

use std::collections::{BTreeMap, HashMap};

use super::architecture::{Architecture, NetworkKind};
use super::tensor_file::StoredTensor;

/// Tensors by name.
pub(super) type NamedTensors = HashMap<String, StoredTensor>;

const ACCEPTED: &str = "accepted are policies saved by gr-sweep (.safetensors) and PyTorch state \
                                   dicts of the published code (.pt)";

/// Which names a file gives to the parameters of which network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Naming {
    pub kind: NetworkKind,
    /// The names are ours; else the published code's.
    pub own: bool,
}

impl Naming {
    /// All that are read. The published code has no network with a fixed gate.
    const ALL: [Self; 5] = [
        Self { kind: NetworkKind::SingleExpert, own: true },
        Self { kind: NetworkKind::RoutedFixedGate, own: true },
        Self { kind: NetworkKind::Routed, own: true },
        Self { kind: NetworkKind::SingleExpert, own: false },
        Self { kind: NetworkKind::Routed, own: false },
    ];

    /// Names of the parameters, in the architecture's order.
    fn names(self) -> Vec<String> {
        let architecture = Architecture { kind: self.kind, num_cells: 1, hidden: 1 };
        let names = architecture.parameter_names().into_iter();
        names.map(|name| if self.own { name } else { pytorch_name(self.kind, &name) }).collect()
    }
}

/// Where in a file a policy lies.
pub(super) struct Place {
    pub naming: Naming,
    /// What stands before every name.
    prefix: String,
    /// Parameters found, and how many there should be.
    found: usize,
    expected: usize,
}

impl Place {
    /// The only place where a whole policy lies, or else the one where most of one does.
    pub fn find(tensors: &NamedTensors) -> Result<Self, String> {
        let mut places: BTreeMap<&str, Place> = BTreeMap::new();
        for naming in Naming::ALL {
            let names = naming.names();
            let mut found: BTreeMap<&str, usize> = BTreeMap::new();
            for name in &names {
                for prefix in tensors.keys().filter_map(|stored| prefix_of(stored, name)) {
                    *found.entry(prefix).or_default() += 1;
                }
            }
            for (prefix, found) in found {
                // A network whose names are among another's is the smaller one only if nothing hints at the other.
                if places.get(prefix).is_none_or(|known| known.found < found) {
                    let expected = names.len();
                    places.insert(prefix, Self { naming, prefix: prefix.into(), found, expected });
                }
            }
        }
        let (whole, parts): (Vec<Self>, Vec<Self>) =
            places.into_values().partition(|place| place.found == place.expected);
        if whole.len() > 1 {
            let names: Vec<String> =
                whole.iter().map(|place| format!("\"{}..\"", place.prefix)).collect();
            return Err(format!(
                "it holds {} policies, at {}; save the one that is meant alone",
                whole.len(),
                names.join(" and ")
            ));
        }
        let most = whole.into_iter().next().or(parts.into_iter().max_by_key(|part| part.found));
        most.ok_or_else(|| {
            let mut names: Vec<&str> = tensors.keys().map(String::as_str).collect();
            names.sort_unstable();
            let more = names.len().saturating_sub(6);
            names.truncate(6);
            let listed = match (names.is_empty(), more) {
                (true, _) => "it holds no tensors".into(),
                (_, 0) => format!("its tensors are {}", names.join(", ")),
                (_, more) => format!("its tensors are {} and {more} more", names.join(", ")),
            };
            format!("not a policy: {listed}; {ACCEPTED}")
        })
    }

    /// The policy's tensors by full name, in the architecture's order.
    pub fn stored<'a>(
        &self,
        tensors: &'a NamedTensors,
    ) -> Result<Vec<(String, &'a StoredTensor)>, String> {
        let Self { naming, prefix, found, expected } = self;
        let names = naming.names().into_iter().map(|name| format!("{prefix}{name}"));
        names
            .map(|name| match tensors.get(&name) {
                Some(tensor) => Ok((name, tensor)),
                None => Err(format!(
                    "tensor {name} is missing: {found} of the {expected} tensors of a policy are there; {ACCEPTED}"
                )),
            })
            .collect()
    }
}

/// What stands before `name` in `stored`, whole parts of a dotted name.
fn prefix_of<'a>(stored: &'a str, name: &str) -> Option<&'a str> {
    stored.strip_suffix(name).filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}

/// The published code's name of one of the parameters of a network of `kind`.
///
/// # Panics
/// If no policy network has a parameter called `name`.
pub fn pytorch_name(kind: NetworkKind, name: &str) -> String {
    let (layer, part) = name.rsplit_once('.').unwrap_or((name, ""));
    let (network, index) = layer.rsplit_once('.').unwrap_or((layer, ""));
    match network {
        "output" if kind == NetworkKind::SingleExpert => format!("neural_net.2.{part}"),
        "output" => format!("shared_output.{part}"),
        "expert" => format!("neural_net.1.1.layers.{index}.{part}"),
        "diamond_expert" | "ghost_expert" => format!("{network}.1.layers.{index}.{part}"),
        "gate" if index == "mixing" => format!("gating.0.{part}"),
        "gate" => format!("gating.2.layers.{index}.{part}"),
        _ => unreachable!("{name} is looked up by its network"),
    }
}
