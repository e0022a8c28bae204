import type { AccountCommand, CommandOf, MailboxRef } from "./commands.ts";
import { sizeOf } from "./content.ts";

/**
 * The reference: what the domain promises, written down as simply as it can be, with plain arrays and no care for
 * speed. Answers whether the command is accepted, and keeps what should be true then. Only for tests.
 */
export class NaiveAccount {
  seq = 0;
  quota = 0;
  readonly mailboxes: NaiveMailbox[] = [];
  readonly subscriptions = new Set<string>();
  readonly validities = new Set<number>();
  /** When mailboxes were deleted that were empty then. */
  emptyDeleted: number[] = [];
  /** In the order they went, with the mailbox they were in. */
  departed: { from: string; seq: number; message: NaiveMessage }[] = [];

  get used(): number {
    return this.mailboxes.flatMap(({ messages }) => messages).reduce((sum, { size }) => sum + size, 0);
  }

  closed = false;

  find(ref: MailboxRef): NaiveMailbox | undefined {
    if ("id" in ref) return this.mailboxes.find(({ id }) => id === ref.id);
    if ("path" in ref) return this.mailboxes.find(({ path }) => path === spelt(ref.path));
    return this.mailboxes.find(({ specialUse }) => specialUse === ref.specialUse) ?? this.find({ path: "INBOX" });
  }

  /** False: refused. "nothing": accepted, and true already. */
  run(command: AccountCommand): boolean | "nothing" {
    const result = this.closed ? false : this.#run(command);
    if (result === true) this.seq++;
    return result;
  }

  #run(command: AccountCommand): boolean | "nothing" {
    switch (command.kind) {
      case "append":
        return this.#append(command);
      case "changeFlags":
        return this.#changeFlags(command);
      case "copy":
      case "move":
        return this.#copy(command);
      case "expunge":
        return this.#expunge(command);
      case "createMailbox":
        return this.#create(spelt(command.path), command.ids, command.subscribe);
      case "renameMailbox":
        return this.#rename(command);
      case "deleteMailbox": {
        const mailbox = this.find(command.mailbox);
        if (!mailbox || mailbox.path === "INBOX" || mailbox.specialUse !== null) return false;
        this.mailboxes.splice(this.mailboxes.indexOf(mailbox), 1);
        this.#depart(mailbox.id, mailbox.messages);
        if (mailbox.messages.length === 0) this.emptyDeleted.push(this.seq + 1);
        return true;
      }
      case "restore":
        return this.#restore(command);
      case "forget": {
        const old = (seq: number) => seq <= command.through;
        const any = this.departed.some(({ seq }) => old(seq)) || this.emptyDeleted.some(old);
        this.departed = this.departed.filter(({ seq }) => !old(seq));
        this.emptyDeleted = this.emptyDeleted.filter((seq) => !old(seq));
        return any ? true : "nothing";
      }
      case "setQuota":
        if (this.quota === command.bytes) return "nothing";
        this.quota = command.bytes;
        return true;
      case "subscribe": {
        const path = spelt(command.path);
        if (this.subscriptions.has(path)) return "nothing";
        if (!this.find({ path })) return false;
        this.subscriptions.add(path);
        return true;
      }
      case "unsubscribe":
        return this.subscriptions.delete(spelt(command.path)) ? true : "nothing";
      case "setSpecialUse": {
        const mailbox = this.find(command.mailbox);
        if (!mailbox) return false;
        if (mailbox.specialUse === command.specialUse) return "nothing";
        for (const other of this.mailboxes) {
          if (command.specialUse !== null && other.specialUse === command.specialUse) other.specialUse = null;
        }
        mailbox.specialUse = command.specialUse;
        return true;
      }
      case "closeAccount":
        Object.assign(this, { closed: true, quota: 0, mailboxes: [], departed: [], emptyDeleted: [] });
        this.subscriptions.clear();
        return true;
      case "openAccount":
        if (this.seq > 0) return false;
        this.quota = command.quota;
        for (const { id, path, specialUse } of command.mailboxes) {
          this.subscriptions.add(this.#make(id, path, specialUse).path);
        }
        return true;
    }
  }

  #make(id: string, path: string, specialUse: string | null): NaiveMailbox {
    const mailbox: NaiveMailbox = { id, path, specialUse, uidNext: 1, changed: this.seq + 1, messages: [], gone: [] };
    this.mailboxes.push(mailbox);
    return mailbox;
  }

  #append(command: CommandOf<"append">): boolean {
    const mailbox = this.find(command.mailbox);
    const size = sizeOf(command.content);
    if (!mailbox || (this.quota > 0 && this.used + size > this.quota)) return false;
    if (command.internalDate < 0 || command.internalDate >= 2 ** 32 * 1000) return false;
    mailbox.messages.push({
      uid: mailbox.uidNext++,
      modseq: this.seq + 1,
      created: this.seq + 1,
      flags: new Set(command.flags.map((flag) => flag.toLowerCase())),
      size,
      id: command.message,
      date: Math.floor(command.internalDate / 1000),
    });
    mailbox.changed = this.seq + 1;
    return true;
  }

  #changeFlags(command: CommandOf<"changeFlags">): boolean | "nothing" {
    const mailbox = this.find(command.mailbox);
    if (!mailbox) return false;
    let any = false;
    for (const message of mailbox.messages) {
      if (!inRuns(command.uids, message.uid)) continue;
      if (command.unchangedSince !== undefined && message.modseq > command.unchangedSince) continue;
      const wanted = command.flags.map((flag) => flag.toLowerCase());
      const next = new Set(command.change === "replace" ? [] : message.flags);
      for (const flag of wanted) {
        if (command.change === "remove") next.delete(flag);
        else next.add(flag);
      }
      if (next.size === message.flags.size && [...next].every((flag) => message.flags.has(flag))) continue;
      message.flags = next;
      message.modseq = this.seq + 1;
      any = true;
    }
    if (any) mailbox.changed = this.seq + 1;
    return any ? true : "nothing";
  }

  #copy(command: CommandOf<"copy"> | CommandOf<"move">): boolean | "nothing" {
    const from = this.find(command.mailbox);
    const to = this.find(command.to);
    if (!from || !to) return false;
    const chosen = from.messages.filter(({ uid }) => inRuns(command.uids, uid));
    if (chosen.length === 0) return "nothing";
    const more = chosen.reduce((sum, { size }) => sum + size, 0);
    if (command.kind === "copy" && this.quota > 0 && this.used + more > this.quota) return false;
    for (const message of chosen) {
      const arrival = { uid: to.uidNext++, modseq: this.seq + 1, created: this.seq + 1 };
      to.messages.push({ ...message, ...arrival, flags: new Set(message.flags) });
    }
    to.changed = this.seq + 1;
    if (command.kind === "move") this.#remove(from, chosen);
    return true;
  }

  #remove(mailbox: NaiveMailbox, chosen: readonly NaiveMessage[]): void {
    mailbox.messages = mailbox.messages.filter((message) => !chosen.includes(message));
    for (const { uid } of chosen) mailbox.gone.push({ uid, seq: this.seq + 1 });
    mailbox.changed = this.seq + 1;
  }

  #expunge(command: CommandOf<"expunge">): boolean | "nothing" {
    const mailbox = this.find(command.mailbox);
    if (!mailbox) return false;
    const chosen = mailbox.messages.filter(
      ({ uid, flags }) =>
        (command.uids === "all" || inRuns(command.uids, uid)) && (command.which === "any" || flags.has("\\deleted")),
    );
    if (chosen.length === 0) return "nothing";
    this.#depart(mailbox.id, chosen);
    this.#remove(mailbox, chosen);
    return true;
  }

  #depart(from: string, messages: readonly NaiveMessage[]): void {
    for (const message of messages) this.departed.push({ from, seq: this.seq + 1, message });
  }

  #restore(command: CommandOf<"restore">): boolean | "nothing" {
    const to = this.find(command.to);
    if (!to) return false;
    const living = new Set(this.mailboxes.flatMap(({ messages }) => messages.map(({ id }) => id)));
    const here = this.departed.filter(
      ({ from, message }) => from === command.from && (command.uids === "all" || inRuns(command.uids, message.uid)),
    );
    const last = here.filter((each, at) => !here.slice(at + 1).some(({ message }) => message.id === each.message.id));
    const back = last.filter(({ message }) => !living.has(message.id));
    if (back.length === 0) return "nothing";
    const more = back.reduce((sum, { message }) => sum + message.size, 0);
    if (this.quota > 0 && this.used + more > this.quota) return false;
    for (const { message } of back.sort((a, b) => a.message.uid - b.message.uid)) {
      const flags = new Set([...message.flags].filter((flag) => flag !== "\\deleted"));
      to.messages.push({ ...message, flags, uid: to.uidNext++, modseq: this.seq + 1, created: this.seq + 1 });
    }
    to.changed = this.seq + 1;
    this.departed = this.departed.filter((each) => !back.includes(each));
    return true;
  }

  #create(path: string, ids: readonly string[], subscribe = false): boolean {
    const levels = path.split("/");
    if (levels.includes("") || this.find({ path })) return false;
    this.#makeLevels(levels, ids, subscribe);
    return true;
  }

  /** Also those above one that is there: a mailbox may have been deleted from above its children. */
  #makeLevels(levels: readonly string[], ids: readonly string[], subscribe = false): void {
    for (const [at] of levels.entries()) {
      const name = levels.slice(0, at + 1).join("/");
      if (this.find({ path: name })) continue;
      this.#make(ids[at]!, name, null);
      if (subscribe) this.subscriptions.add(name);
    }
  }

  #rename(command: CommandOf<"renameMailbox">): boolean {
    const mailbox = this.find(command.from);
    const path = spelt(command.path);
    if (!mailbox || path.split("/").includes("") || this.find({ path })) return false;
    if (mailbox.path === "INBOX") {
      this.#create(path, command.ids);
      const to = this.find({ path })!;
      if (mailbox.messages.length > 0) {
        this.#copy({ kind: "move", mailbox: { path: "INBOX" }, uids: [1, 0xffffffff], to: { path: to.path } });
      }
      return true;
    }
    if (path.startsWith(`${mailbox.path}/`)) return false;
    const old = mailbox.path;
    const family = this.mailboxes.filter((each) => each.path === old || each.path.startsWith(`${old}/`));
    if (family.some((each) => this.find({ path: path + each.path.slice(old.length) }))) return false;
    this.#makeLevels(path.split("/").slice(0, -1), command.ids, command.subscribe);
    for (const each of family) {
      const next = path + each.path.slice(old.length);
      if (this.subscriptions.delete(each.path)) this.subscriptions.add(next);
      each.path = next;
    }
    return true;
  }
}

export type NaiveMessage = {
  uid: number;
  modseq: number;
  /** Seq of its arrival in this mailbox. */
  created: number;
  flags: Set<string>;
  size: number;
  id: string;
  date: number;
};

export type NaiveMailbox = {
  id: string;
  path: string;
  specialUse: string | null;
  uidNext: number;
  /** Seq of the last change in it. */
  changed: number;
  messages: NaiveMessage[];
  gone: { uid: number; seq: number }[];
};

function spelt(path: string): string {
  const levels = path.replace(/^\/|\/$/g, "").split("/");
  if (/^inbox$/i.test(levels[0]!)) levels[0] = "INBOX";
  return levels.join("/");
}

function inRuns(runs: readonly number[], uid: number): boolean {
  for (let at = 0; at < runs.length; at += 2) if (uid >= runs[at]! && uid <= runs[at + 1]!) return true;
  return false;
}
