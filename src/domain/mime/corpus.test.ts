import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryString } from "./binary-string.ts";
import { formatBodyStructure } from "./body-structure.ts";
import chosen from "./corpus/chosen.json";
import dovecot from "./corpus/dovecot-2.3.19.json";
import { formatEnvelope } from "./envelope.ts";
import { parseMessage } from "./parse.ts";

/**
 * corpus/*.eml are messages that are hard to read. dovecot-2.3.19.json has what Dovecot answers for each; chosen.json
 * has our answer and its reason where it is another one.
 */
const folder = join(import.meta.dir, "corpus");
type Answers = { envelope: string; bodystructure: string; body: string };

function answers(name: string): Answers {
  const { root } = parseMessage(readFileSync(join(folder, `${name}.eml`)));
  return {
    envelope: binaryString(formatEnvelope(root.envelope!)),
    bodystructure: binaryString(formatBodyStructure(root, true)),
    body: binaryString(formatBodyStructure(root, false)),
  };
}

/** Types, encodings and names of parameters mean the same in any letter case; ours are lower case. */
function caseless({ envelope, bodystructure, body }: Answers): Answers {
  return { envelope, bodystructure: bodystructure.toLowerCase(), body: body.toLowerCase() };
}

const names = readdirSync(folder)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => file.slice(0, -4));

for (const name of names) {
  const own = (chosen as Record<string, Answers & { why: string }>)[name];
  const peer = (dovecot as Record<string, Answers>)[name];
  if (own === undefined) {
    test(`corpus: ${name} is answered as Dovecot does`, () => expect(caseless(answers(name))).toEqual(caseless(peer!)));
  } else {
    test(`corpus: ${name}: ${own.why}`, () => {
      const { why: _, ...expected } = own;
      expect(answers(name)).toEqual(expected);
      if (peer !== undefined) expect(caseless(expected)).not.toEqual(caseless(peer));
    });
  }
}
