// Policy files with the weights that a page carries: what Rust must say of the very same numbers.

import fs from "node:fs";

const EXPERTS = { single_expert: ["expert"], routed: ["diamond_expert", "ghost_expert"], routed_fixed_gate: ["diamond_expert", "ghost_expert"] };

/** Writes a safetensors file of 16-bit floats, with the notes of the file `original`. */
export function writeRounded(file, original, notes, base64) {
  const weights = Buffer.from(base64, "base64");
  const inputs = 4 * notes.rows * notes.cols;
  const layers = EXPERTS[notes.kind].flatMap((name) => [[`${name}.0`, inputs, notes.hidden], [`${name}.1`, notes.hidden, notes.hidden]]);
  layers.push(["output", notes.hidden, 4]);
  if (notes.kind === "routed") {
    layers.push(["gate.mixing", 4, 4], ["gate.0", inputs, notes.hidden], ["gate.1", notes.hidden, notes.hidden], ["gate.2", notes.hidden, 1]);
  }
  const header = { __metadata__: headerOf(original).__metadata__ };
  let at = 0;
  for (const [name, rows, columns] of layers) {
    for (const [part, shape] of [["weight", [rows, columns]], ["bias", [1, columns]]]) {
      const end = at + 2 * shape[0] * shape[1];
      header[`${name}.${part}`] = { dtype: "F16", shape, data_offsets: [at, end] };
      at = end;
    }
  }
  if (at !== weights.length) throw new Error(`the page has ${weights.length} bytes of weights, its network ${at}`);
  let text = JSON.stringify(header);
  text += " ".repeat((8 - text.length % 8) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  fs.writeFileSync(file, Buffer.concat([length, Buffer.from(text), weights]));
}

function headerOf(file) {
  const bytes = fs.readFileSync(file);
  return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
}
