// What a reader has chosen, kept in the address: it outlives a reload, and a link shows the same to others.

const chosen = new URLSearchParams(location.hash.slice(1));

/** What was chosen for `key`, or else `otherwise`. */
export function remembered(key, otherwise) {
  return chosen.get(key) ?? otherwise;
}

/** A whole number from `low` to `high` that was chosen for `key`, or else `otherwise`. */
export function rememberedNumber(key, otherwise, low, high) {
  const number = Number(chosen.get(key) ?? NaN);
  return Number.isInteger(number) && number >= low && number <= high ? number : otherwise;
}

/** A list of names that was chosen for `key`; empty where there is none. */
export function rememberedNames(key) {
  try {
    const names = JSON.parse(chosen.get(key) ?? "[]");
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    // An address that somebody cut or wrote by hand.
    return [];
  }
}

/** Remembers a choice; what is chosen for nobody who has not asked, `usual`, takes no room in the address. */
export function remember(key, value, usual) {
  if (String(value) === String(usual)) chosen.delete(key);
  else chosen.set(key, value);
  const address = chosen.toString();
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
}
