/** A known bug: where it is put, what it does, and how the source reads with it. */
export type Planted = {
  readonly name: string;
  readonly why: string;
  /** Path from the root of the repository. */
  readonly file: string;
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
    replace: [['if (outcome === "conflict" && !(await this.#isOurs(entry))) {', "if (false) {"]],
  },
  {
    name: "a retry is done again",
    why: "the reply to a delivery was lost, and the message comes twice",
    file: "src/actors/account/request-window.ts",
    replace: [["return this.#done.get(request);", "return undefined;"]],
  },
  {
    name: "a message is given its UID before the race is decided",
    why: "after a lost race the change is not decided again: it keeps the UIDs it had",
    file: "src/actors/account/account-actor.ts",
    replace: [
      [
        "const drafted = this.#draft(batch);",
        "const drafted = kept ? { ...kept, state: { ...kept.state, seq: this.#state.seq + 1 } } : this.#draft(batch); kept = drafted;",
      ],
      [
        "      await this.#catchingUp;\n      for (;;) {",
        "      await this.#catchingUp;\n      let kept: Draft | null = null;\n      for (;;) {",
      ],
    ],
  },
  {
    name: "stale state after a lost race",
    why: "the node that lost decides again without having read what the other one wrote",
    file: "src/actors/account/account-actor.ts",
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
    replace: [
      [
        "else if (entry.seq === this.#state.seq + 1) this.#apply(entry);",
        'else if (entry.seq > this.#state.seq) this.#commit(entry, evolveEntry(this.#state, entry), "learnt");',
      ],
    ],
  },
  {
    name: "a break in the subscription goes unnoticed",
    why: "what was published meanwhile is never asked for, and silence is taken for no news",
    file: "src/actors/account/resident.ts",
    replace: [
      ["        gap: () => this.#broken(),", "        gap: () => {},"],
      ["const silent = !hints || (hints.healthy && this.#trusted);", "const silent = true;"],
    ],
  },
  {
    name: "an answer that never came is taken for a refusal",
    why: "an append without an answer is given up at once, and said not to have been done",
    file: "src/actors/account/account-actor.ts",
    replace: [
      ['error.kept === "no" || clock.monotonic() + wait > deadline)', "true)"],
      ["unavailable ? storeRefusal(error) :", 'unavailable ? { kind: "overQuota", quota: 0, used: 0 } :'],
    ],
  },
  {
    name: "MOVE in two steps",
    why: "the copies are one append and the removal another: a crash between leaves both",
    file: "src/protocols/imap/commands/move.ts",
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
    replace: [["const buried = buriedSince(mailbox.tombstones, since);", "const buried: number[] = [];"]],
  },
  {
    name: "a read that is under way is good enough",
    why: "whoever asks for what is new joins a question that was asked before it was there",
    file: "src/actors/account/account-actor.ts",
    replace: [
      [
        "    if (this.#catchingUp) {",
        "    if (this.#catchingUp) return this.#catchingUp;\n    if (this.#catchingUp) {",
      ],
    ],
  },
  {
    name: "a node does not mind what a client has seen elsewhere",
    why: "SELECT with QRESYNC is answered from a state that is behind the client's",
    file: "src/protocols/imap/open-mailbox.ts",
    replace: [["    ...(request.qresync && { since: request.qresync.modSeq }),\n", ""]],
  },
  {
    name: "an hour by the clock",
    why: "a clock that jumps makes an account forget what it has done",
    file: "src/actors/account/request-window.ts",
    replace: [["static readonly longestStep = 600_000;", "static readonly longestStep = Number.POSITIVE_INFINITY;"]],
  },
  {
    name: "a dead worker's changes are sent again under another name",
    why: "a change that was done before the worker died is done once more",
    file: "src/actors/account/shards.ts",
    replace: [
      [
        "for (const pending of this.#pending.values()) this.#port.send(pending.message);",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source.
        'for (const { message } of this.#pending.values()) this.#port.send("request" in message && "request" in message.request ? ({ ...message, request: { ...message.request, request: `${message.request.request}-again` } } as never) : message);',
      ],
    ],
  },
];
