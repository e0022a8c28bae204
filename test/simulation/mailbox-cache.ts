/** A message as a client knows it. */
export type Row = { uid: number | null; token: string | null; flags: string | null; modseq: number };

type Selecting = {
  count: number;
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
  #selecting: Selecting | null = null;
  /** Of FETCH responses since the last time when everything had been told. */
  #highest = 0;

  /** SELECT is on its way. */
  selecting(): void {
    const known = new Map(this.rows.flatMap((row) => (row.uid === null ? [] : [[row.uid, row] as const])));
    this.#selecting = { count: 0, known, fresh: new Map(), validity: 0, modseq: 0 };
    this.#highest = 0;
  }

  uidValidity(validity: number): void {
    if (this.#selecting) this.#selecting.validity = validity;
  }

  /** SELECT was answered with OK. `resynced`: it was asked to say what is new only. */
  selected(resynced: boolean): void {
    const { count, known, fresh, validity, modseq } = this.#selecting!;
    this.#selecting = null;
    this.modseq = modseq;
    if (!resynced || validity !== this.validity) {
      this.rows = Array.from({ length: count }, () => ({ uid: null, token: null, flags: null, modseq: 0 }));
      this.validity = validity;
      return;
    }
    for (const [uid, row] of fresh) known.set(uid, { ...row, token: known.get(uid)?.token ?? null });
    const uids = [...known.keys()].sort((a, b) => a - b);
    if (uids.length !== count) {
      throw new Error(`QRESYNC left the client with ${uids.length} messages (${uids}) where there are ${count}`);
    }
    this.rows = uids.map((uid) => known.get(uid)!);
  }

  exists(count: number): void {
    if (this.#selecting) {
      this.#selecting.count = count;
      return;
    }
    if (count < this.rows.length) throw new Error(`EXISTS ${count} where there are ${this.rows.length}`);
    while (this.rows.length < count) this.rows.push({ uid: null, token: null, flags: null, modseq: 0 });
  }

  expunge(sequence: number): void {
    if (sequence < 1 || sequence > this.rows.length) throw new Error(`EXPUNGE ${sequence} of ${this.rows.length}`);
    this.rows.splice(sequence - 1, 1);
  }

  vanished(uids: readonly number[], earlier: boolean): void {
    if (this.#selecting) {
      for (const uid of uids) this.#selecting.known.delete(uid);
      return;
    }
    const gone = new Set(uids);
    const before = this.rows.length;
    if (!earlier && this.rows.some(({ uid }) => uid === null)) {
      // It may be about rows whose UID was not asked for yet: those that are not known to be others.
      const known = this.rows.filter(({ uid }) => uid !== null && gone.has(uid)).length;
      let unknown = uids.length - known;
      const first = this.rows.findIndex(({ uid }) => uid === null);
      this.rows = this.rows.filter(({ uid }, at) => {
        if (uid !== null) return !gone.has(uid);
        return !(at >= first && unknown-- > 0);
      });
    } else this.rows = this.rows.filter(({ uid }) => uid === null || !gone.has(uid));
    if (!earlier && before - this.rows.length !== gone.size)
      throw new Error(`VANISHED ${uids} names what was not there`);
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
    else this.modseq = Math.max(this.modseq, modseq);
  }

  /** A command has ended that holds nothing back: what the responses said is complete. */
  settled(): void {
    this.reached(this.#highest);
  }

  get uids(): number[] {
    return this.rows.flatMap(({ uid }) => (uid === null ? [] : [uid]));
  }

  /** Sequence number of the first message whose UID, flags or content this client does not know; 0: there is none. */
  get firstUnknown(): number {
    return this.rows.findIndex(({ uid, token, flags }) => uid === null || token === null || flags === null) + 1;
  }
}
