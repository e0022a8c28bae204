/** A known bug: where it is put, what it does, and how the source reads with it. */
export type Planted = {
  readonly name: string;
  readonly why: string;
  /** Path from the root of the repository. */
  readonly file: string;
  /** How the simulator tells of it, among other things. */
  readonly seen: RegExp;
  /** What is there once, and what stands in its place. */
  readonly replace: readonly (readonly [there: string, planted: string])[];
};

/**
 * Bugs that servers of this kind have had, or this one had. Each has to be found by the simulator within 1,000 seeds:
 * a simulator that finds nothing shows nothing.
 */
export const planted: readonly Planted[] = [
  {
    name: "reply before the append",
    why: "a change is said to be done while it is still on its way to the store",
    file: "src/actors/account/append-gatherer.ts",
    seen: /was acknowledged by \w+ and is lost|does not lead to the state|checksum is not the one/,
    replace: [
      [
        "const results = await this.#log.append(some.map(({ entry }) => entry));",
        'this.#log.append(some.map(({ entry }) => entry)).catch(() => {}); const results = some.map(() => "appended" as const);',
      ],
    ],
  },
  {
    name: "a lost race is taken for won",
    why: "another node's entry stands where ours should, and the client is told that ours does",
    file: "src/actors/account/account-actor.ts",
    seen: /was acknowledged by \w+ and is lost|checksum is not the one/,
    replace: [['if (outcome === "conflict" && !(await this.#isOurs(entry))) {', "if (false) {"]],
  },
  {
    name: "a retry is done again",
    why: "the reply to a delivery was lost, and the message comes twice",
    file: "src/actors/account/request-window.ts",
    seen: /came \d+ times by LMTP/,
    replace: [["return this.#done.get(request);", "return undefined;"]],
  },
  {
    name: "a message is given its UID before the race is decided",
    why: "after a lost race the change is not decided again: it keeps the UIDs it had",
    file: "src/actors/account/account-actor.ts",
    seen: /gives \S+ twice|does not lead to the state|checksum is not the one/,
    replace: [
      [
        "const decide = (): Promise<Draft> => this.#work(drafting(this.#state, batch, this.requests, this.#around));",
        "let kept: Draft | null = null; const decide = async (): Promise<Draft> => (kept = kept ? { ...kept, state: { ...kept.state, seq: this.#state.seq + 1 } } : await this.#work(drafting(this.#state, batch, this.requests, this.#around)));",
      ],
    ],
  },
  {
    name: "stale state after a lost race",
    why: "the node that lost decides again without having read what the other one wrote",
    file: "src/actors/account/account-actor.ts",
    seen: /checksum differs from the log's/,
    replace: [
      [
        "      await this.#readGap();\n      return false;",
        "      this.#state = { ...this.#state, seq: entry.seq };\n      return false;",
      ],
    ],
  },
  {
    name: "a hint is taken for the truth",
    why: "an entry heard of from Redis is applied whatever its number is",
    file: "src/actors/account/account-actor.ts",
    seen: /does not lead to the state|checksum differs|Cannot apply an event/,
    replace: [
      [
        "else if (entry.seq === this.#state.seq + 1) this.#applied(entry, evolveEntry(this.#state, entry));",
        'else if (entry.seq > this.#state.seq) this.#commit(entry, evolveEntry(this.#state, entry), "learnt");',
      ],
    ],
  },
  {
    name: "a break in the subscription goes unnoticed",
    why: "what was published meanwhile is never asked for, and silence is taken for no news",
    file: "src/actors/account/resident.ts",
    seen: /is at \d+: .* and should be at \d+/,
    replace: [
      ["        gap: () => this.#broken(),", "        gap: () => {},"],
      ["const silent = !hints || (hints.healthy && this.#trusted);", "const silent = true;"],
    ],
  },
  {
    name: "an answer that never came is taken for a refusal",
    why: "an append without an answer is given up at once, and said not to have been done",
    file: "src/actors/account/account-actor.ts",
    seen: /was refused/,
    replace: [
      ['error.kept === "no" || clock.monotonic() + wait > deadline)', "true)"],
      ["unavailable ? storeRefusal(error) :", 'unavailable ? { kind: "overQuota", quota: 0, used: 0 } :'],
    ],
  },
  {
    name: "MOVE in two steps",
    why: "the copies are one append and the removal another: a crash between leaves both",
    file: "src/protocols/imap/commands/move.ts",
    seen: /is there 2 times at \d+/,
    replace: [
      [
        'const outcome = await session.change({ kind: "move", mailbox: { id: view.mailbox }, uids, to });',
        'const mailbox = { id: view.mailbox }; const outcome = await session.change({ kind: "copy", mailbox, uids, to }); if (outcome.ok) await session.change({ kind: "expunge", mailbox, uids, which: "any" });',
      ],
    ],
  },
  {
    name: "expunges are forgotten",
    why: "QRESYNC does not name what has gone",
    file: "src/actors/account/mailbox-reads.ts",
    seen: /QRESYNC left the client with/,
    replace: [["const buried = buriedSince(mailbox.tombstones, since);", "const buried: number[] = [];"]],
  },
  {
    name: "a node does not mind what a client has seen elsewhere",
    why: "SELECT with QRESYNC is answered from a state that is behind the client's",
    file: "src/actors/account/shard.ts",
    seen: /HIGHESTMODSEQ was \d+, and is \d+|QRESYNC left the client|message \d+ was UID/,
    replace: [
      ["if (!(await resident.refresh(since)) && since > actor.state.seq) {", "if (!(await resident.refresh())) {"],
    ],
  },
  {
    name: "an hour by the clock",
    why: "a clock that jumps makes an account forget what it has done",
    file: "src/actors/account/request-window.ts",
    seen: /came \d+ times by LMTP/,
    replace: [["static readonly longestStep = 600_000;", "static readonly longestStep = Number.POSITIVE_INFINITY;"]],
  },
  {
    name: "a dead worker's changes are sent again under another name",
    why: "a change that was done before the worker died is done once more",
    file: "src/actors/account/shards.ts",
    seen: /came \d+ times by/,
    replace: [
      [
        "for (const pending of this.#pending.values()) this.#port.send(pending.message);",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source.
        'for (const { message } of this.#pending.values()) this.#port.send("request" in message && "request" in message.request ? ({ ...message, request: { ...message.request, request: `${message.request.request}-again` } } as never) : message);',
      ],
    ],
  },
];
