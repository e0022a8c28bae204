/** What somebody was told of a change they asked for. "unknown": the answer was lost, or said that it cannot be known. */
export type Fate = "unknown" | "done" | "refused";

/** A message on its way into an account: by LMTP, or by APPEND. */
export type Sent = { readonly token: string; readonly account: string; readonly by: "LMTP" | "APPEND"; fate: Fate };

/** A change that carries a keyword nobody else uses. */
export type Marked = { readonly keyword: string; readonly account: string; fate: Fate };

/** Messages that were to go from somewhere: by EXPUNGE, MOVE or POP3. */
export type Removed = { readonly account: string; readonly instances: readonly string[]; fate: Fate };

export type FlagsTold = {
  readonly account: string;
  readonly instance: string;
  readonly modseq: number;
  readonly flags: string;
};

/** One message in one mailbox, as clients name it for ever. */
export const instanceOf = (validity: number, uid: number): string => `${validity}/${uid}`;

/**
 * What the clients of a history asked for and were told, in the clients' own terms: held against what the store holds
 * when it is over. What no honest server could say is a violation at once.
 */
export class Ledger {
  readonly sent = new Map<string, Sent>();
  readonly marked: Marked[] = [];
  readonly removed: Removed[] = [];
  readonly flags: FlagsTold[] = [];
  /** Which message each instance was said to be: account, then instance. */
  readonly instances = new Map<string, Map<string, string>>();
  /** Which message each UIDL was said to be: account, then UIDL. */
  readonly uidls = new Map<string, Map<string, string>>();
  readonly pop3Removed: { readonly account: string; readonly uidls: readonly string[]; fate: Fate }[] = [];
  /** Tokens of messages that a client may only move and flag: there is one of each for ever. */
  readonly neverCopied = new Set<string>();
  readonly deletedUsers = new Set<string>();
  readonly deletionAsked = new Set<string>();
  readonly violations: string[] = [];
  readonly #bytes = new Map<string, Buffer>();
  readonly #note: (text: string) => void;
  #tokens = 0;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** A message unlike any other, of about `size` octets. */
  newMessage(size: number): { token: string; bytes: Buffer } {
    const token = `T${++this.#tokens}T`;
    const bytes = Buffer.from(`Subject: ${token}\r\nFrom: a@example.org\r\n\r\n${"x".repeat(size)}\r\n`);
    this.#bytes.set(token, bytes);
    if (this.#tokens % 2 === 0) this.neverCopied.add(token);
    return { token, bytes };
  }

  violate(text: string): void {
    this.#note(`VIOLATION: ${text}`);
    this.violations.push(text);
  }

  /** Whose octets these are; a violation where they are not exactly some message's, with or without trace headers. */
  tokenOf(bytes: Uint8Array, where: string): string | null {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const token = /^Subject: (T\d+T)\r$/m.exec(text.toString("latin1"))?.[1];
    const original = token === undefined ? undefined : this.#bytes.get(token);
    const before = original ? text.length - original.length : -1;
    if (
      !original ||
      before < 0 ||
      !text.subarray(before).equals(original) ||
      !/^(?:(?:Return-Path|Delivered-To): [^\r]*\r\n)*$/.test(text.toString("latin1", 0, before))
    ) {
      this.violate(`${where}: not the bytes of any message that was sent`);
      return null;
    }
    return token!;
  }

  /** A client was told that this instance is that message. It can never have been, or become, another one. */
  told(account: string, instance: string, token: string, where: string): void {
    note(this.instances, account, instance, token, () =>
      this.violate(`${where}: ${instance} of ${account} is ${token}, and was another message before`),
    );
  }

  toldUidl(account: string, uidl: string, token: string, where: string): void {
    note(this.uidls, account, uidl, token, () =>
      this.violate(`${where}: UIDL ${uidl} of ${account} is ${token}, and was another message before`),
    );
  }
}

function note(
  all: Map<string, Map<string, string>>,
  account: string,
  name: string,
  token: string,
  changed: () => void,
): void {
  let known = all.get(account);
  if (!known) {
    known = new Map();
    all.set(account, known);
  }
  const before = known.get(name);
  if (before !== undefined && before !== token) changed();
  known.set(name, token);
}
