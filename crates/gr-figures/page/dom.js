// Elements. Text of files becomes text nodes and attribute values here and nowhere else, so that it is never markup.

const SVG_NAMES = "http://www.w3.org/2000/svg";

/** An HTML element. A function among the attributes listens to the event that its name says after "on". */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG_NAMES, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** Offers text as a file. */
export function offer(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A menu: `choices` are pairs of value and words. */
export function menu(label, choices, chosen, onchange) {
  const options = choices.map(([value, words]) => element("option", { value, selected: value === chosen }, words));
  const select = element("select", { onchange: () => onchange(select.value) }, options);
  return element("label", {}, `${label} `, select);
}

/** A box to tick. */
export function tick(label, checked, onchange) {
  const box = element("input", { type: "checkbox", checked, onchange: () => onchange(box.checked) });
  return element("label", {}, box, ` ${label}`);
}
