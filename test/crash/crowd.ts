import { pbkdf2Sync } from "node:crypto";
import { DeliveryLedger } from "./delivery-ledger.ts";
import { HttpLane } from "./lanes/http-lane.ts";
import { ImapLane } from "./lanes/imap-lane.ts";
import type { CrashUser, Lane, LaneAround, Ports } from "./lanes/lane.ts";
import { LmtpLane } from "./lanes/lmtp-lane.ts";
import { Pop3Lane } from "./lanes/pop3-lane.ts";
import { Observer } from "./observe.ts";

/** A password whose check costs nothing: logins are not what is tested. */
const salt = Buffer.from("saltsalt");
const cheapHash = `$pbkdf2-sha256$i=1$${salt.toString("base64")}$${pbkdf2Sync("secret", salt, 1, 32, "sha256").toString("base64")}`;

export type CrowdSize = { readonly mtas: number; readonly users: number };

/** Some users, their clients of every protocol, and the MTAs that deliver to them. */
export class Crowd {
  readonly users: readonly CrashUser[];
  readonly #inboxes: readonly DeliveryLedger[];
  readonly #folderLanes: readonly { readonly user: number; readonly lane: ImapLane | HttpLane }[];
  readonly #lanes: readonly Lane[];
  readonly #observers: readonly Observer[];

  private constructor(users: readonly CrashUser[], around: Omit<LaneAround, "user" | "name">, size: CrowdSize) {
    this.users = users;
    const { random } = around;
    this.#inboxes = users.map(() => new DeliveryLedger(around.position));
    this.#observers = users.map((user) => new Observer(user));
    const folderLanes: { user: number; lane: ImapLane | HttpLane }[] = [];
    const lanes: Lane[] = [];
    for (const [at, user] of users.entries()) {
      const own = (name: string): LaneAround => ({ ...around, random: random.fork(), user, name: `lane_${name}` });
      // Two IMAP clients and an HTTP client write to one account at the same time; every third account is read by POP3.
      folderLanes.push({ user: at, lane: new ImapLane(own("imapa")) }, { user: at, lane: new ImapLane(own("imapb")) });
      folderLanes.push({ user: at, lane: new HttpLane(own("http")) });
      if (at % 3 === 0) lanes.push(new Pop3Lane(own("pop3"), this.#inboxes[at]!));
    }
    const recipients = users.map((user, at) => ({ user, ledger: this.#inboxes[at]! }));
    for (let mta = 0; mta < size.mtas; mta++) {
      lanes.push(new LmtpLane({ ...around, random: random.fork(), name: `mta${mta}` }, recipients));
    }
    this.#folderLanes = folderLanes;
    this.#lanes = [...lanes, ...folderLanes.map(({ lane }) => lane)];
  }

  /** Makes the users over HTTP. */
  static async gather(ports: Ports, around: Omit<LaneAround, "user" | "name">, size: CrowdSize): Promise<Crowd> {
    const users: CrashUser[] = [];
    const tag = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
    for (let at = 0; at < size.users; at++) {
      const name = `crash${at}-${tag}`;
      const address = `${name}@localhost`;
      const response = await fetch(`http://127.0.0.1:${ports.http}/users`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-access-token": around.token },
        body: JSON.stringify({ username: name, password: cheapHash, hashedPassword: true, address }),
      });
      const made = (await response.json()) as { id?: string };
      if (!made.id) throw new Error(`Cannot add user ${name}: ${JSON.stringify(made)}`);
      users.push({ id: made.id, name, address });
    }
    return new Crowd(users, around, size);
  }

  /** Every client works, spread over the nodes; the answer comes when all have come to an end. */
  async work(ports: readonly Ports[], burst: { over: boolean }): Promise<void> {
    await Promise.all(this.#lanes.map((lane, at) => lane.work(ports[at % ports.length]!, burst)));
  }

  leave(): void {
    for (const lane of this.#lanes) lane.leave();
  }

  /**
   * Holds what every user's mail shows against what its clients were told, all of it or up to `position`; answers every
   * fault. `again`: what was read before is read once more.
   */
  async account(port: number, again: boolean, position?: number): Promise<string[]> {
    const then = <L extends { at(position: number): L }>(ledger: L): L =>
      position === undefined ? ledger : ledger.at(position);
    const faults: string[] = [];
    for (const [at, user] of this.users.entries()) {
      const observer = position === undefined ? this.#observers[at]! : new Observer(user);
      const { inbox, folders } = await observer.see(port, again);
      for (const fault of then(this.#inboxes[at]!).settle(inbox)) faults.push(`${user.name} INBOX: ${fault}`);
      for (const { user: owner, lane } of this.#folderLanes) {
        if (owner !== at) continue;
        const { prefix } = lane;
        const its = [...folders].filter(([path]) => path === prefix || path.startsWith(`${prefix}-`));
        const fault = then(lane.ledger).settle(new Map(its));
        if (fault !== null) faults.push(`${user.name}: ${fault}`);
      }
    }
    return faults;
  }

  /** Where in the order of things each acknowledgement came. */
  get acknowledgedAt(): number[] {
    return [...this.#inboxes, ...this.#folderLanes.map(({ lane }) => lane.ledger)].flatMap(
      (ledger) => ledger.positions,
    );
  }

  /** What has been recorded so far. */
  get sums(): Sums {
    const sums = { deliveries: 0, tried: 0, removals: 0, changes: 0, doubts: 0, kept: 0 };
    for (const ledger of this.#inboxes) {
      sums.deliveries += ledger.acknowledged;
      sums.tried += ledger.tried;
      sums.removals += ledger.removals;
    }
    for (const { lane } of this.#folderLanes) {
      sums.changes += lane.ledger.acknowledged;
      sums.doubts += lane.ledger.doubts;
      sums.kept += lane.ledger.kept;
    }
    return sums;
  }
}

/** Deliveries acknowledged and tried, messages removed over POP3, changes over IMAP and HTTP acknowledged, in doubt, and of those kept. */
export type Sums = {
  deliveries: number;
  tried: number;
  removals: number;
  changes: number;
  doubts: number;
  kept: number;
};
