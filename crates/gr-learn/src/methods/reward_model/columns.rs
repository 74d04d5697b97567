//! What a reward model records of itself, behind the rows of its run.

use gr_runs::Column;

pub const MODEL_LOSS: Column = Column::number(
    "model_loss",
    "nats",
    "Mean cross-entropy of the reward model over the steps that it took in this update; empty where it took none.",
)
.or_empty();
pub const MODEL_LABELS: Column = Column::number(
    "model_labels",
    "labels",
    "Labels that the reward model has to learn from so far.",
);
pub const MODEL_ACCURACY: Column = Column::number(
    "model_accuracy",
    "share",
    "Share of this update's new labels that the reward model foretold before it learnt them, against the label \
     as given; empty without a new label.",
)
.or_empty();
pub const MODEL_EXACT_ACCURACY: Column = Column::number(
    "model_exact_accuracy",
    "share",
    "Share of all terminal observations without flags of which the reward model knows the goal; empty of a model \
     that sees something else.",
)
.or_empty();
