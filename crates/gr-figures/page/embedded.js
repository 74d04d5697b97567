// What the page carries: a JSON document, and numbers, pictures and weights in elements of their own.

/** The text of an inert element of the page. */
export function embeddedText(id) {
  return document.getElementById(id)?.textContent ?? "";
}

/** Everything but numbers and weights. */
export const report = JSON.parse(embeddedText("report"));

/** The bytes that an element holds in base 64. */
export function embeddedBytes(id) {
  const letters = atob(embeddedText(id));
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

/** The text that an element holds compressed. */
export async function unpacked(id) {
  const stream = new Blob([embeddedBytes(id)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}
