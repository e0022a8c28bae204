import type { Clock } from "../../../actors/runtime/clock.ts";

/** Octets of JSON that are made before others come. */
const atOnce = 256 * 1024;

/** The JSON of an object, in pieces; its lists are written item by item, and others come in between. */
export async function jsonPieces(result: object, clock: Clock): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let text = "";
  const write = async (more: string): Promise<void> => {
    text += more;
    if (text.length < atOnce) return;
    pieces.push(Buffer.from(text, "utf8"));
    text = "";
    await new Promise<void>((resolve) => void clock.after(0, resolve));
  };
  let before = "{";
  for (const [name, value] of Object.entries(result)) {
    if (value === undefined) continue;
    text += `${before}${JSON.stringify(name)}:`;
    before = ",";
    if (!Array.isArray(value)) {
      await write(JSON.stringify(value));
      continue;
    }
    let at = 0;
    text += "[";
    // What JSON cannot say is null in a list (ECMA-262 §25.5.2.6).
    for (const item of value) await write(`${at++ > 0 ? "," : ""}${JSON.stringify(item) ?? "null"}`);
    text += "]";
  }
  pieces.push(Buffer.from(before === "{" ? "{}" : `${text}}`, "utf8"));
  return pieces;
}
