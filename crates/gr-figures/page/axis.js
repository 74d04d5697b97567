// From values to places on an axis, and round numbers for its ticks.

/** A linear axis from `low` to `high` with about `count` ticks. */
export function linearAxis(low, high, count) {
  if (!(high > low)) [low, high] = [low - 0.5, low + 0.5];
  const step = roundStep((high - low) / count);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index <= high / step + 1e-9; index += 1) {
    ticks.push({ value: index * step, label: tickLabel(index * step, decimals) });
  }
  return { low, high, ticks, logarithmic: false, share: (value) => (value - low) / (high - low) };
}

/** A linear axis from 0 to `high`. Counting from 0, the last of 10,000 updates is 9,999; its tick is worth the room. */
export function axisFromZero(high, count) {
  const step = roundStep(Math.max(high, 1e-9) / count);
  const next = Math.ceil(high / step) * step;
  return linearAxis(0, next < 1.02 * high ? next : high, count);
}

/** A logarithmic axis from `low`, above 0, to `high`; ticks at `values` where they are given, else at round numbers. */
export function logarithmicAxis(low, high, count, values = null) {
  if (!(high > low)) [low, high] = [low / 1.3, low * 1.3];
  const share = (value) => Math.log(Math.max(value, low) / low) / Math.log(high / low);
  const ticks = (values ?? roundNumbers(low, high, count)).map((value) => ({ value, label: plainLabel(value) }));
  return { low, high, ticks: ticks.length > 1 || values ? ticks : linearAxis(low, high, count).ticks, logarithmic: true, share };
}

/** The lowest and the highest of values; 0 and 1 where there are none. */
export function hull(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

function roundNumbers(low, high, count) {
  const within = (steps) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const step of steps) {
        const value = step * 10 ** power;
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) found.push(value);
      }
    }
    return found;
  };
  const dense = within([1, 2, 5]);
  return dense.length <= count ? dense : within([1]);
}

function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((factor) => factor * power >= 0.75 * step) ?? 10);
}

function tickLabel(value, decimals) {
  const magnitude = decimals === 0 ? Math.round(Math.abs(value)).toLocaleString("en-US") : Math.abs(value).toFixed(decimals);
  return value < 0 && !/^[0.]*$/.test(magnitude) ? `−${magnitude}` : magnitude;
}

function plainLabel(value) {
  return value >= 1 ? Number(value.toPrecision(12)).toLocaleString("en-US") : String(Number(value.toPrecision(6)));
}
