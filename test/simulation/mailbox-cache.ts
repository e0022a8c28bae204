/** A message as a client knows it. */
export type Row = { uid: number | null; token: string | null; flags: string | null; modseq: number };

type Selecting = {
  /** What the first EXISTS said, less what has vanished since. */
  count: number | null;
  /** What later ones said on top: news that came while the mailbox was being opened. */
  arrived: number;
  readonly known: Map<number, Row>;
  readonly fresh: Map<number, Row>;
  validity: number;
  modseq: number;
};

/**
 * What a client knows of a mailbox, kept as RFC 3501 and RFC 7162 say: by sequence numbers while it is selected, by
 * UIDs from one session to the next. Whatever does not fit is thrown.
 */
export class MailboxCache {
  validity = 0;
  /** Up to where this client has been told everything. */
  modseq = 0;
  rows: Row[] = [];
  /** When it was selected, it knew more than its mod-sequence said. */
  suspect = false;
  /** It was told of changes that no mod-sequence came with. */
  #ahead = false;
  #selecting: Selecting | null = null;
  /** Of FETCH responses since the last time when everything had been told. */
  #highest = 0;

  /** SELECT is on its way. */
  selecting(): void {
    const known = new Map(this.rows.flatMap((row) => (row.uid === null ? [] : [[row.uid, row] as const])));
    this.#selecting = { count: null, arrived: 0, known, fresh: new Map(), validity: 0, modseq: 0 };
    this.#highest = 0;
  }

  uidValidity(validity: number): void {
    if (this.#selecting) this.#selecting.validity = validity;
  }

  /** SELECT was answered with OK. `resynced`: it was asked to say what is new only. */
  selected(resynced: boolean): void {
    const { arrived, known, fresh, validity, modseq } = this.#selecting!;
    const count = this.#selecting!.count ?? 0;
    this.#selecting = null;
    const before = validity === this.validity ? this.modseq : 0;
    this.modseq = modseq;
    this.suspect = false;
    if (resynced && modseq < before) throw new Error(`HIGHESTMODSEQ was ${before}, and is ${modseq}`);
    this.suspect = resynced && this.#ahead;
    if (!resynced || validity !== this.validity) {
      this.rows = [];
      this.validity = validity;
      this.exists(count + arrived);
      this.#ahead = arrived > 0;
      return;
    }
    for (const [uid, row] of fresh) known.set(uid, { ...row, token: known.get(uid)?.token ?? null });
    const uids = [...known.keys()].sort((a, b) => a - b);
    if (uids.length !== count) {
      throw new Error(`QRESYNC left the client with ${uids.length} messages (${uids}) where there are ${count}`);
    }
    this.rows = uids.map((uid) => known.get(uid)!);
    this.exists(count + arrived);
    this.#ahead = arrived > 0;
  }

  exists(count: number): void {
    const selecting = this.#selecting;
    if (selecting) {
      if (selecting.count === null) selecting.count = count;
      else selecting.arrived = count - selecting.count;
      return;
    }
    if (count < this.rows.length) throw new Error(`EXISTS ${count} where there are ${this.rows.length}`);
    this.#ahead = true;
    while (this.rows.length < count) this.rows.push({ uid: null, token: null, flags: null, modseq: 0 });
  }

  expunge(sequence: number): void {
    if (sequence < 1 || sequence > this.rows.length) throw new Error(`EXPUNGE ${sequence} of ${this.rows.length}`);
    this.rows.splice(sequence - 1, 1);
  }

  vanished(uids: readonly number[], earlier: boolean): void {
    const selecting = this.#selecting;
    if (selecting) {
      for (const uid of uids) {
        const wasThere = selecting.known.delete(uid) || selecting.fresh.has(uid);
        selecting.fresh.delete(uid);
        if (earlier) continue;
        if (wasThere) selecting.count!--;
        else selecting.arrived--;
      }
      return;
    }
    this.#ahead = true;
    if (earlier) throw new Error("VANISHED (EARLIER) was not asked for");
    for (const uid of uids) this.#vanished(uid);
  }

  /** Rows whose UID was not asked for yet may be meant: any of those that stand where it would. */
  #vanished(uid: number): void {
    let at = this.rows.findIndex((row) => row.uid !== null && row.uid >= uid);
    if (at < 0) at = this.rows.length;
    if (this.rows[at]?.uid !== uid && this.rows[--at]?.uid !== null) {
      throw new Error(`VANISHED ${uid} names what was not there`);
    }
    this.rows.splice(at, 1);
  }

  fetched(sequence: number, facts: { uid?: number; flags?: string; modseq?: number; token?: string }): void {
    if (facts.modseq !== undefined) this.#highest = Math.max(this.#highest, facts.modseq);
    if (this.#selecting) {
      const { uid, flags = null, modseq = 0 } = facts;
      if (uid === undefined) throw new Error("QRESYNC told of a change without its UID");
      this.#selecting.fresh.set(uid, { uid, flags, modseq, token: null });
      return;
    }
    const row = this.rows[sequence - 1];
    if (!row) throw new Error(`FETCH ${sequence} of ${this.rows.length}`);
    if (facts.uid !== undefined) {
      if (row.uid !== null && row.uid !== facts.uid) {
        throw new Error(`message ${sequence} was UID ${row.uid} and is UID ${facts.uid}`);
      }
      if (row.uid === null) this.#checkOrder(sequence, facts.uid);
      row.uid = facts.uid;
    }
    if (facts.flags !== undefined) row.flags = facts.flags;
    if (facts.modseq !== undefined) row.modseq = facts.modseq;
    if (facts.token !== undefined) row.token = facts.token;
  }

  forgetFlags(sequence: number): void {
    const row = this.rows[sequence - 1];
    if (row && !this.#selecting) row.flags = null;
  }

  #checkOrder(sequence: number, uid: number): void {
    for (let at = sequence - 2; at >= 0; at--) {
      const before = this.rows[at]!.uid;
      if (before === null) continue;
      if (before >= uid) throw new Error(`UID ${uid} came after UID ${before}`);
      break;
    }
    for (let at = sequence; at < this.rows.length; at++) {
      const after = this.rows[at]!.uid;
      if (after === null) continue;
      if (after <= uid) throw new Error(`UID ${uid} came before UID ${after}, below one that had been seen`);
      break;
    }
  }

  /** Everything up to `modseq` has been told. */
  reached(modseq: number): void {
    if (this.#selecting) this.#selecting.modseq = modseq;
    else {
      this.modseq = Math.max(this.modseq, modseq);
      this.#ahead = false;
    }
  }

  /** A command has ended that holds nothing back: what the responses said is complete. */
  settled(): void {
    this.modseq = Math.max(this.modseq, this.#highest);
  }

  get uids(): number[] {
    return this.rows.flatMap(({ uid }) => (uid === null ? [] : [uid]));
  }

  /** Sequence number of the first message whose UID, flags or content this client does not know; 0: there is none. */
  get firstUnknown(): number {
    return this.rows.findIndex(({ uid, token, flags }) => uid === null || token === null || flags === null) + 1;
  }
}
