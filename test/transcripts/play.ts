import { readFileSync } from "node:fs";
import { Captures } from "./captures.ts";
import type { LineClient } from "./line-client.ts";
import { type ProtocolName, Scene } from "./scene.ts";
import type { Stage } from "./stage.ts";
import { type Expectation, type PlacedStep, parseTranscript } from "./transcript.ts";

/** What became of a transcript: `text` is what it would be if everything that was heard were right. */
export type Played = { readonly problems: readonly string[]; readonly text: string };

/** Plays the transcript in `file` on `stage`; the protocol is the folder below `protocols` it is in. */
export async function play(file: string, stage: Stage): Promise<Played> {
  const text = readFileSync(file, "utf8");
  const protocol = (/protocols\/(imap|pop3|lmtp)\//.exec(file)?.[1] ?? "imap") as ProtocolName;
  const captures = new Captures();
  const scene = new Scene(stage, protocol, captures);
  const player = new Player(scene, captures, protocol);
  const lines = text.split("\n");
  const played: string[] = [];
  let at = 0;
  await scene.open();
  try {
    for (const placed of parseTranscript(text)) {
      played.push(...lines.slice(at, placed.from));
      played.push(...((await player.step(placed)) ?? lines.slice(placed.from, placed.to)));
      at = placed.to;
    }
    player.checkSilence();
  } catch (error) {
    player.problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    scene.close();
  }
  played.push(...lines.slice(at));
  for (const error of stage.errors.splice(0)) player.problems.push(`the server logged an error: ${error}`);
  return { problems: player.problems, text: played.join("\n") };
}

class Player {
  readonly problems: string[] = [];
  readonly #scene: Scene;
  readonly #captures: Captures;
  readonly #protocol: ProtocolName;
  /** The tag each client used last. */
  readonly #tags = new Map<string, string>();
  /** What each client must not hear until it speaks again. */
  readonly #forbidden = new Map<string, string[]>();

  constructor(scene: Scene, captures: Captures, protocol: ProtocolName) {
    this.#scene = scene;
    this.#captures = captures;
    this.#protocol = protocol;
  }

  /** Plays a step; lines to stand in its place where something else was heard. */
  async step({ step, from }: PlacedStep): Promise<string[] | null> {
    switch (step.kind) {
      case "given":
        await this.#scene.given(step.text);
        return null;
      case "startsTls":
        await (await this.#scene.client(step.client)).startTls();
        return null;
      case "says": {
        const client = await this.#scene.client(step.client);
        this.#endForbidding(step.client, client);
        await this.#say(client, step.client, step.line, step.literal);
        return null;
      }
      case "hears": {
        const client = await this.#scene.client(step.client);
        return this.#hear(client, step.client, step.expected, from);
      }
    }
  }

  /** At the end: nothing that must not be heard has come. */
  checkSilence(): void {
    for (const [name, client] of this.#scene.clients) this.#endForbidding(name, client);
  }

  async #say(client: LineClient, name: string, text: string, literal: readonly string[] | null): Promise<void> {
    const octets = literal === null ? "" : literal.map((line) => this.#captures.fill(line)).join("\r\n");
    const size = Buffer.byteLength(octets, "utf8");
    // What stands behind the place of the literal is said behind the literal.
    const [head = "", plus, tail = ""] = this.#captures.fill(text).split(/\{@(\+?)\}/);
    const tag = /^\S+(?= )/.exec(head)?.[0];
    if (tag !== undefined) this.#tags.set(name, tag);
    if (plus === undefined) {
      client.say(`${head}\r\n`);
      return;
    }
    client.say(`${head}{${size}${plus}}\r\n`);
    if (plus === "") {
      const welcome = await client.hear();
      if (!welcome?.startsWith("+")) throw new Error(`expected + for the literal of ${head}, heard ${welcome}`);
    }
    client.say(`${octets}${tail}\r\n`);
  }

  async #hear(
    client: LineClient,
    name: string,
    expected: readonly Expectation[],
    from: number,
  ): Promise<string[] | null> {
    const lines = expected.filter((one) => one.kind === "line").map(({ text }) => text);
    const never = expected.filter((one) => one.kind === "never").map(({ text }) => text);
    const others = expected.some(({ kind }) => kind === "others");
    const closed = expected.some(({ kind }) => kind === "closed");
    this.#forbidden.set(name, never);
    const heard =
      this.#protocol === "imap"
        ? await this.#hearUntil(client, this.#tags.get(name), lines, closed)
        : await this.#hearInOrder(client, lines, closed);
    const before = this.problems.length;
    const at = `line ${from + 1}: ${name}`;
    const missing = [...lines];
    for (const line of heard) {
      if (never.some((text) => line.includes(this.#captures.fill(text))))
        this.problems.push(`${at} heard ${show(line)}`);
      const found = this.#find(missing, line);
      if (found >= 0) missing.splice(found, 1);
      else if (!others) this.problems.push(`${at} heard ${show(line)}`);
    }
    for (const line of missing) this.problems.push(`${at} did not hear ${show(line)}`);
    if (this.problems.length === before) return null;
    const marks = never.map((text) => `${name} S! ${text}`);
    return [
      ...heard.flatMap((line) => spelled(name, this.#captures.unfill(line))),
      ...marks,
      ...(closed ? [`${name} S: (closed)`] : []),
    ];
  }

  /** The expectation that a line meets: one without new captures first, so that none is taken by mistake. */
  #find(missing: readonly string[], line: string): number {
    const filled = missing.findIndex((text) => this.#captures.fill(text) === line);
    if (filled >= 0) return filled;
    if (this.#protocol !== "imap") return missing.length > 0 && this.#captures.matches(missing[0]!, line) ? 0 : -1;
    return missing.findIndex((text) => this.#captures.matches(text, line));
  }

  /** IMAP: up to the tagged line or the continuation that is expected; without one, as many lines as are expected. */
  async #hearUntil(
    client: LineClient,
    tag: string | undefined,
    lines: readonly string[],
    closed: boolean,
  ): Promise<string[]> {
    const heard: string[] = [];
    const last = lines.find((line) => (tag !== undefined && line.startsWith(`${tag} `)) || line.startsWith("+"));
    const mark = last?.slice(0, last.indexOf(" ") + 1);
    for (;;) {
      if (!closed && mark === undefined && heard.length >= lines.length) return heard;
      const line = await this.#next(client, lines, heard);
      if (line === null) {
        if (!closed) this.problems.push("the server ended the connection");
        return heard;
      }
      heard.push(line);
      if (!closed && mark !== undefined && line.startsWith(mark)) return heard;
    }
  }

  async #hearInOrder(client: LineClient, lines: readonly string[], closed: boolean): Promise<string[]> {
    const heard: string[] = [];
    while (closed || heard.length < lines.length) {
      const line = await this.#next(client, lines, heard);
      if (line === null) {
        if (!closed) this.problems.push("the server ended the connection");
        return heard;
      }
      heard.push(line);
    }
    return heard;
  }

  async #next(client: LineClient, lines: readonly string[], heard: readonly string[]): Promise<string | null> {
    try {
      const line = await client.hear(5_000);
      return line === null ? null : Buffer.from(line, "latin1").toString("utf8");
    } catch (error) {
      throw new Error(
        `${(error as Error).message}; expected ${lines.map(show).join(", ")}; heard ${heard.map(show).join(", ")}`,
      );
    }
  }

  #endForbidding(name: string, client: LineClient): void {
    const never = this.#forbidden.get(name) ?? [];
    this.#forbidden.set(name, []);
    for (const line of client.heardAlready()) {
      // What nobody asked about must not be heard in silence either: a golden transcript says all that is said.
      const bad = never.find((text) => line.includes(this.#captures.fill(text)));
      this.problems.push(bad === undefined ? `${name} also heard ${show(line)}` : `${name} heard ${show(line)}`);
    }
  }
}

function show(line: string): string {
  return JSON.stringify(line);
}

/** A response as the lines of a transcript. */
function spelled(name: string, response: string): string[] {
  return response.split("\r\n").map((line, at) => `${name} S${at === 0 ? ":" : "|"}${line === "" ? "" : ` ${line}`}`);
}
