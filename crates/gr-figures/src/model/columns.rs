//! Columns that several figures write, and what they mean in all of them. Those of one figure are declared beside
//! it.

use gr_runs::Column;

/// The level of the panel.
pub const OVERSIGHT_PROB: Column =
    Column::number("oversight_prob", "probability", "Nominal oversight level p.");
/// What a line or row of the picture is called.
pub const SERIES: Column =
    Column::text("series", "Name in the picture: method, and holdout or settings where they tell.");
/// The method.
pub const RUN_LABEL: Column = Column::text("run_label", "Method label.");
/// The settings that tell series of a method apart.
pub const VARIANT: Column = Column::text(
    "variant",
    "`key=value;..` of the settings in which runs of the method differ; empty where they differ in none.",
);
/// The run.
pub const RUN_ID: Column = Column::text("run_id", "Name of the run.");
/// What a row is; each figure says which there are.
pub const WHAT: Column = Column::text("what", "");
/// A mean over runs or one run's value; each figure says of what.
pub const MEAN: Column = Column::number("mean", "return", "");
/// The low end of the interval of [`MEAN`].
pub const LOW: Column = Column::number(
    "low",
    "as `mean`",
    "Low end of the 95 % interval of `mean` over runs (Student t); empty for fewer than two runs, and for runs that \
     all agree.",
)
.or_empty();
/// The high end of the interval of [`MEAN`].
pub const HIGH: Column = Column::number("high", "as `mean`", "High end of the same.").or_empty();
/// How many runs a row is of.
pub const N: Column =
    Column::integer("n", "runs", "Runs that `mean` is over; 1 for a single value.");
