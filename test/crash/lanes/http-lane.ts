import { FolderLedger } from "../folder-ledger.ts";
import { flagText } from "../folder-model.ts";
import { type Letter, letter } from "../letter.ts";
import { type Burst, type Lane, type LaneAround, type Ports, patience, Unanswered } from "./lane.ts";

const mostMessages = 40;

/** A program that keeps messages in a folder of its own over HTTP; an upload in doubt is sent again under its key. */
export class HttpLane implements Lane {
  readonly ledger: FolderLedger;
  readonly #around: LaneAround;
  #mailbox: string | null = null;
  #letters = 0;
  #upload: { readonly letter: Letter; readonly key: string } | null = null;

  constructor(around: LaneAround) {
    this.#around = around;
    this.ledger = new FolderLedger(around.position);
  }

  get prefix(): string {
    return this.#around.name;
  }

  async work(ports: Ports, burst: Burst): Promise<void> {
    try {
      if (this.#mailbox === null) await this.#begin(ports);
      if (this.#upload) await this.#repeat(ports, this.#upload);
      while (!burst.over && !this.ledger.inDoubt) await this.#step(ports);
    } catch (error) {
      // Whatever fetch throws, too: the connection is gone.
      if (error instanceof TypeError) this.#around.fault(`${error.stack}`);
    }
  }

  leave(): void {}

  async #step(ports: Ports): Promise<void> {
    const { random } = this.#around;
    const { messages } = this.ledger.folders.get(this.prefix)!;
    const kind = random.weighted({ upload: 5, flag: 3, remove: 3 });
    if (messages.size < 3 || (kind === "upload" && messages.size < mostMessages)) return this.#put(ports);
    const uids = random.some([...messages.keys()], 0.3);
    if (kind === "flag") {
      const flagged = random.chance(0.5);
      const after = uids.map((uid): [number, string] => {
        const others = messages
          .get(uid)!
          .flags.split(" ")
          .filter((flag) => flag !== "\\Flagged");
        return [uid, flagText(flagged ? [...others, "\\Flagged"] : others)];
      });
      this.ledger.attempt({ what: `PUT of ${uids.length}`, flags: { folder: this.prefix, flags: new Map(after) } });
      await this.#ask(ports, "PUT", "", { message: uids.join(), flagged });
      return this.ledger.acknowledge();
    }
    const [uid] = uids as [number];
    this.ledger.attempt({ what: "DELETE of one", leaves: { folder: this.prefix, uids: [uid] } });
    await this.#ask(ports, "DELETE", `/${uid}`);
    this.ledger.acknowledge();
  }

  async #put(ports: Ports): Promise<void> {
    const { random, name } = this.#around;
    const sent = letter(`${name}.${++this.#letters}`, random);
    const upload = { letter: sent, key: `${sent.name}-key` };
    this.#upload = upload;
    const messages = [{ hash: sent.hash, flags: "\\Seen" }];
    this.ledger.attempt({ what: "an upload", arrives: { folder: this.prefix, messages } });
    this.ledger.acknowledge({ uids: [await this.#send(ports, upload)] });
    this.#upload = null;
  }

  /** After a crash: the same upload under the same key, whether it was kept or not. */
  async #repeat(ports: Ports, upload: { letter: Letter; key: string }): Promise<void> {
    const { messages } = this.ledger.folders.get(this.prefix)!;
    const kept = [...messages].find(([, { hash }]) => hash === upload.letter.hash)?.[0];
    const arriving = [{ hash: upload.letter.hash, flags: "\\Seen" }];
    if (kept === undefined) {
      this.ledger.attempt({ what: "a repeated upload", arrives: { folder: this.prefix, messages: arriving } });
    }
    const uid = await this.#send(ports, upload);
    this.#upload = null;
    if (kept === undefined) this.ledger.acknowledge({ uids: [uid] });
    else if (uid !== kept) this.#around.fault(`an upload repeated became ${uid}, and was ${kept}`);
  }

  async #send(ports: Ports, { letter: { text }, key }: { letter: Letter; key: string }): Promise<number> {
    const bytes = Buffer.from(text, "latin1");
    const answer = await this.#ask(ports, "POST", "", bytes, { "idempotency-key": key });
    return (answer as { message: { id: number } }).message.id;
  }

  async #begin(ports: Ports): Promise<void> {
    const { user, name } = this.#around;
    if (!this.ledger.folders.has(name)) {
      this.ledger.attempt({ what: `creation of ${name}`, created: name });
      const { id } = (await this.#request(ports, "POST", `/users/${user.id}/mailboxes`, { path: name })) as {
        id: string;
      };
      this.ledger.acknowledge();
      this.#mailbox = id;
    } else {
      const path = `/users/${user.id}/mailboxes/resolve?path=${name}`;
      this.#mailbox = ((await this.#request(ports, "GET", path)) as { id: string }).id;
    }
  }

  #ask(ports: Ports, method: string, path: string, body?: object, headers?: Record<string, string>) {
    const messages = `/users/${this.#around.user.id}/mailboxes/${this.#mailbox}/messages`;
    return this.#request(ports, method, messages + path, body, headers);
  }

  async #request(ports: Ports, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    const type = body instanceof Uint8Array ? "message/rfc822" : "application/json";
    const response = await fetch(`http://127.0.0.1:${ports.http}${path}`, {
      method,
      headers: { "x-access-token": this.#around.token, "content-type": type, ...headers },
      ...(body ? { body: body instanceof Uint8Array ? body : JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(patience),
    }).catch((error: unknown) => {
      throw new Unanswered("no answer", { cause: error });
    });
    const answer = await response.json().catch((error: unknown) => {
      throw new Unanswered("half an answer", { cause: error });
    });
    if (response.ok) return answer as object;
    if (![429, 500, 503].includes(response.status)) {
      this.#around.fault(`${method} ${path} was answered ${response.status} ${JSON.stringify(answer)}`);
    }
    throw new Unanswered(`${response.status}`);
  }
}
