/**
 * A transcript: what clients say and what they must hear, readable by someone who only knows the RFC.
 *
 *     # STORE: other sessions hear about new flags at their next command (RFC 9051 §6.4.6, §5.2)
 *     given INBOX three-messages.mbox
 *     given alice, phone have selected INBOX
 *     alice C: a1 UID STORE 2 +FLAGS.SILENT (\Seen)
 *     alice S: a1 OK STORE completed
 *     alice S! FETCH
 *
 * `C:` says a line, `C|` a line of the literal it announced (`{@}` and `{@+}`
 * stand for its size; what follows them is said behind the literal). `S:` must be heard,
 * `S|` goes on in the next line of the same response (literals). `S!` must not be heard before the next `C:`, in any
 * line. `S: ...` allows lines that are not named. `S: (closed)`: the server ends the connection. `$name` (lower case)
 * is captured once and must match after; `$user` and `$password` are there from the start. `alice starts TLS` does it.
 * Lines that begin with # and empty ones are for people.
 */
export type Step =
  | { readonly kind: "given"; readonly text: string }
  | {
      readonly kind: "says";
      readonly client: string;
      readonly line: string;
      readonly literal: readonly string[] | null;
    }
  | { readonly kind: "hears"; readonly client: string; readonly expected: readonly Expectation[] }
  | { readonly kind: "startsTls"; readonly client: string };

/** What one client must hear, and must not, between two things it says. */
export type Expectation =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "never"; readonly text: string }
  | { readonly kind: "others" }
  | { readonly kind: "closed" };

/** Steps with the lines of the file (from 0) that they stand on: [first, last + 1). */
export type PlacedStep = { readonly step: Step; readonly from: number; readonly to: number };

const lineShape = /^(\w+) ([CS])([:|!])(?: (.*))?$/;

/** @throws Error naming the line that cannot be read */
export function parseTranscript(text: string): readonly PlacedStep[] {
  const lines = text.split("\n");
  const steps: PlacedStep[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    const from = at;
    if (line.trim() === "" || line.startsWith("#")) {
      at++;
      continue;
    }
    if (line.startsWith("given ")) {
      steps.push({ step: { kind: "given", text: line.slice(6).trim() }, from, to: ++at });
      continue;
    }
    const tls = /^(\w+) starts TLS$/.exec(line);
    if (tls !== null) {
      steps.push({ step: { kind: "startsTls", client: tls[1]! }, from, to: ++at });
      continue;
    }
    const spoken = lineShape.exec(line);
    if (spoken === null) throw new Error(`line ${at + 1}: cannot read ${JSON.stringify(line)}`);
    const [, client = "", who, mark, rest = ""] = spoken;
    if (who === "C" && mark === ":") {
      const literal: string[] = [];
      at++;
      for (let more = lineShape.exec(lines[at] ?? ""); more?.[1] === client && more[2] === "C" && more[3] === "|"; ) {
        literal.push(more[4] ?? "");
        more = lineShape.exec(lines[++at] ?? "");
      }
      const step: Step = { kind: "says", client, line: rest, literal: literal.length > 0 ? literal : null };
      steps.push({ step, from, to: at });
    } else if (who === "S" && mark !== "|") {
      const expected: Expectation[] = [];
      for (let more = lineShape.exec(lines[at] ?? ""); more?.[1] === client && more[2] === "S"; ) {
        addExpectation(expected, more[3]!, more[4] ?? "", at);
        more = lineShape.exec(lines[++at] ?? "");
      }
      steps.push({ step: { kind: "hears", client, expected }, from, to: at });
    } else throw new Error(`line ${at + 1}: ${JSON.stringify(line)} continues nothing`);
  }
  return steps;
}

function addExpectation(expected: Expectation[], mark: string, text: string, at: number): void {
  if (mark === "!") expected.push({ kind: "never", text });
  else if (mark === "|") {
    const last = expected.pop();
    if (last?.kind !== "line") throw new Error(`line ${at + 1}: continues nothing`);
    expected.push({ kind: "line", text: `${last.text}\r\n${text}` });
  } else if (text === "...") expected.push({ kind: "others" });
  else if (text === "(closed)") expected.push({ kind: "closed" });
  else expected.push({ kind: "line", text });
}
