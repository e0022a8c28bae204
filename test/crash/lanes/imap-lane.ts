import { ImapClient } from "../../transcripts/imap-client.ts";
import { FolderLedger } from "../folder-ledger.ts";
import { type Effect, type Folder, flagText, type Message } from "../folder-model.ts";
import { letter } from "../letter.ts";
import { type Burst, type Lane, type LaneAround, type Ports, patience, Unanswered } from "./lane.ts";

const flags = ["\\Seen", "\\Flagged", "\\Answered", "$Work", "Blue"] as const;
const mostMessages = 60;

/** An IMAP client with a few folders of its own in a mailbox that others use, too. */
export class ImapLane implements Lane {
  readonly ledger: FolderLedger;
  readonly #around: LaneAround;
  #client: ImapClient | null = null;
  #signedIn = false;
  #selected: string | null = null;
  #letters = 0;
  #names = 0;

  constructor(around: LaneAround) {
    this.#around = around;
    this.ledger = new FolderLedger(around.position);
  }

  get prefix(): string {
    return this.#around.name;
  }

  async work(ports: Ports, burst: Burst): Promise<void> {
    try {
      if (this.#client === null) {
        this.#client = await ImapClient.connect({ port: () => ports.imap });
        this.#signedIn = false;
        await this.#ask(`LOGIN ${this.#around.user.name} secret`);
        this.#signedIn = true;
      }
      while (!burst.over && !this.ledger.inDoubt) await this.#step();
    } catch (error) {
      if (!(error instanceof Unanswered) || !this.#signedIn) this.leave();
    }
  }

  leave(): void {
    this.#client?.close();
    this.#client = null;
    this.#selected = null;
  }

  async #step(): Promise<void> {
    const { random } = this.#around;
    const paths = [...this.ledger.folders.keys()];
    if (paths.length < 2) return this.#create();
    const path = random.one(paths);
    const folder = this.ledger.folders.get(path)!;
    const other = random.one(paths.filter((each) => each !== path));
    const kind = random.weighted({
      append: 34,
      flag: 16,
      copy: 12,
      move: 14,
      expunge: 12,
      rename: 7,
      create: 3,
      drop: 2,
    });
    if (kind === "create") return paths.length < 4 ? this.#create() : undefined;
    if (kind === "rename") return this.#rename(path);
    if (kind === "drop") return paths.length > 2 ? this.#delete(path) : undefined;
    const size = folder.messages.size;
    if (kind === "append" || size === 0) return size < mostMessages ? this.#append(path) : this.#expunge(path, folder);
    if (kind === "flag") return this.#flag(path, folder);
    if (kind === "expunge") return this.#expunge(path, folder);
    if (this.ledger.folders.get(other)!.messages.size >= mostMessages)
      return this.#expunge(other, this.ledger.folders.get(other)!);
    return this.#transfer(kind, path, folder, other);
  }

  async #create(): Promise<void> {
    const path = this.#fresh();
    this.ledger.attempt({ what: `CREATE ${path}`, created: path });
    await this.#ask(`CREATE ${path}`);
    this.ledger.acknowledge();
  }

  async #delete(path: string): Promise<void> {
    await this.#unselect();
    this.ledger.attempt({ what: `DELETE ${path}`, deleted: path });
    await this.#ask(`DELETE ${path}`);
    this.ledger.acknowledge();
  }

  async #rename(path: string): Promise<void> {
    await this.#unselect();
    const to = this.#fresh();
    this.ledger.attempt({ what: `RENAME ${path} ${to}`, renamed: { from: path, to } });
    await this.#ask(`RENAME ${path} ${to}`);
    this.ledger.acknowledge();
  }

  async #append(path: string): Promise<void> {
    const { random, name } = this.#around;
    const { text, hash } = letter(`${name}.${++this.#letters}`, random);
    const given = random.chance(0.5) ? random.some(flags, 0.3) : [];
    const messages = [{ hash, flags: flagText(given) }];
    this.ledger.attempt({ what: `APPEND to ${path}`, arrives: { folder: path, messages } });
    const answered = await this.#ask(`APPEND ${path} (${given.join(" ")}) {${text.length}+}\r\n${text}`);
    const told = /\[APPENDUID (\d+) (\d+)\]/.exec(answered.tagged)!;
    this.ledger.acknowledge({ uids: [Number(told[2])] });
  }

  async #flag(path: string, folder: Folder): Promise<void> {
    const { random } = this.#around;
    const uids = random.some([...folder.messages.keys()], 0.4);
    const change = random.one(["+", "-", ""] as const);
    const given: readonly string[] = random.some(flags, 0.3);
    await this.#store(path, folder, uids, change, given);
  }

  async #store(
    path: string,
    folder: Folder,
    uids: readonly number[],
    change: "+" | "-" | "",
    given: readonly string[],
  ) {
    await this.#select(path);
    const after = new Map<number, string>();
    for (const uid of uids) {
      const before = folder.messages.get(uid)!.flags.split(" ");
      const kept = change === "" ? [] : before.filter((flag) => change === "+" || !given.includes(flag));
      after.set(uid, flagText(change === "-" ? kept : [...kept, ...given]));
    }
    this.ledger.attempt({ what: `STORE of ${uids.length} in ${path}`, flags: { folder: path, flags: after } });
    const silent = this.#around.random.chance(0.5) ? ".SILENT" : "";
    const command = `UID STORE ${uids.join()} ${change}FLAGS${silent} (${given.join(" ")})`;
    await this.#ask(command);
    this.ledger.acknowledge();
  }

  async #expunge(path: string, folder: Folder): Promise<void> {
    const uids = this.#around.random.some([...folder.messages.keys()], 0.4);
    await this.#store(path, folder, uids, "+", ["\\Deleted"]);
    this.ledger.attempt({ what: `EXPUNGE of ${uids.length} in ${path}`, leaves: { folder: path, uids } });
    await this.#ask(`UID EXPUNGE ${uids.join()}`);
    this.ledger.acknowledge();
  }

  async #transfer(kind: "copy" | "move", path: string, folder: Folder, to: string): Promise<void> {
    const uids = this.#around.random.some(
      [...folder.messages.keys()].sort((a, b) => a - b),
      0.5,
    );
    await this.#select(path);
    const messages = uids.map((uid): Message => folder.messages.get(uid)!);
    const what = `${kind} of ${uids.length} from ${path} to ${to}`;
    const effect: Effect = { what, arrives: { folder: to, messages } };
    this.ledger.attempt(kind === "copy" ? effect : { ...effect, leaves: { folder: path, uids } });
    const answered = await this.#ask(`UID ${kind.toUpperCase()} ${uids.join()} ${to}`);
    const told = [...answered.lines, answered.tagged].map((line) => /\[COPYUID \d+ \S+ (\S+)\]/.exec(line)?.[1]);
    this.ledger.acknowledge({ uids: uidsOf(told.find((set) => set !== undefined)!) });
  }

  #fresh(): string {
    return `${this.prefix}-${++this.#names}`;
  }

  async #select(path: string): Promise<void> {
    if (this.#selected === path) return;
    this.#selected = null;
    const { lines } = await this.#ask(`SELECT ${path}`);
    this.#selected = path;
    const { uidValidity } = this.ledger.folders.get(path)!;
    const told = Number(/UIDVALIDITY (\d+)/.exec(lines.join("\n"))?.[1]);
    if (uidValidity !== 0 && told !== uidValidity) {
      this.#around.fault(`SELECT ${path} tells UIDVALIDITY ${told}; it was ${uidValidity}`);
    }
  }

  async #unselect(): Promise<void> {
    if (this.#selected !== null) await this.#ask("UNSELECT");
    this.#selected = null;
  }

  async #ask(command: string) {
    const answer = await this.#client!.ask(command, patience);
    if (/^\S+ OK/.test(answer.tagged)) return answer;
    if (!/^\S+ NO \[(UNAVAILABLE|SERVERBUG|INUSE|LIMIT)\]/.test(answer.tagged)) {
      this.#around.fault(`${command.slice(0, 80)} was answered ${answer.tagged}`);
    }
    throw new Unanswered(answer.tagged);
  }
}

function uidsOf(set: string): number[] {
  return set.split(",").flatMap((run) => {
    const [first, last = first] = run.split(":").map(Number) as [number, number?];
    return Array.from({ length: last! - first + 1 }, (_, at) => first + at);
  });
}
