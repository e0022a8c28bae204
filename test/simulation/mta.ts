import { deliver } from "../../src/protocols/lmtp/deliver.ts";
import { IncomingMessage } from "../../src/protocols/lmtp/incoming-message.ts";
import type { Recipient } from "../../src/protocols/lmtp/recipient.ts";
import type { Services } from "../../src/protocols/services.ts";
import type { History } from "./history.ts";
import type { Sent } from "./ledger.ts";
import { Route } from "./network.ts";
import { Life } from "./world.ts";

/** How long an MTA waits for the reply to a message, milliseconds. */
const patience = 15_000;
const mostAttempts = 12;

/**
 * An MTA: hands each message to any node, for one or more recipients, and again, as it was, to those for whom it was
 * not told 250 or 5xx. What goes over the wire is taken as read; envelope, delivery and replies are the server's own.
 */
export class Mta {
  readonly #history: History;
  readonly #life = new Life("mta");
  readonly #route: Route;
  underWay = 0;

  constructor(history: History) {
    this.#history = history;
    this.#route = new Route(history.world);
  }

  /** Sends messages until the history closes, and goes on until it knows what became of each. */
  async live(meanGap: number): Promise<void> {
    const { world } = this.#history;
    while (!this.#history.closing) {
      await world.pause(world.random.wait(meanGap), this.#life);
      for (let burst = world.random.chance(0.1) ? 4 : 1; burst > 0; burst--) void this.#sendOne();
    }
  }

  async #sendOne(): Promise<void> {
    const { ledger, world } = this.#history;
    const { token, bytes } = ledger.newMessage(world.random.chance(0.05) ? 2000 : world.random.int(0, 200));
    const recipients = new Map<string, Sent>();
    for (let count = world.random.chance(0.2) ? 3 : 1; count > 0; count--) {
      const { user, account } = world.random.pick(this.#history.users);
      const sent: Sent = { token, account, by: "LMTP", fate: "unknown" };
      if (recipients.has(user)) continue;
      recipients.set(user, sent);
      ledger.sent.set(`${token} ${account}`, sent);
    }
    this.underWay++;
    const open = new Map(recipients);
    for (let attempt = 1; attempt <= mostAttempts && open.size > 0; attempt++) {
      if (attempt > 1) await world.pause(this.#history.pace * (5 + world.random.wait(100)) * attempt, this.#life);
      await this.#attempt(token, bytes, open);
    }
    this.underWay--;
  }

  /** One transaction; takes from `open` whoever needs no further one. */
  async #attempt(token: string, bytes: Uint8Array, open: Map<string, Sent>): Promise<void> {
    const { world } = this.#history;
    const node = this.#history.someNode();
    if (!node?.services || node.leaving) return;
    const { services } = node;
    world.note(`mta ${token} to ${[...open.keys()]} at ${node.life.name}`);
    const replies = Promise.withResolvers<Map<string, number> | null>();
    world.after(patience, this.#life, () => replies.resolve(null));
    world.after(this.#route.delay(), node.life, () => {
      void this.#transaction(services, bytes, [...open.keys()]).then((codes) => {
        if (!world.random.chance(0.03)) world.after(this.#route.delay(), this.#life, () => replies.resolve(codes));
      });
    });
    for (const [user, code] of (await replies.promise) ?? []) {
      const sent = open.get(user)!;
      if (code === 250) sent.fate = "done";
      else if (code >= 500) sent.fate = "refused";
      if (code === 250 || code >= 500) open.delete(user);
    }
  }

  /** On the node: RCPT for each, then the message. */
  async #transaction(services: Services, bytes: Uint8Array, users: readonly string[]): Promise<Map<string, number>> {
    const codes = new Map<string, number>();
    const accepted: { user: string; recipient: Recipient }[] = [];
    for (const user of users) {
      const found = await services.directory.resolve(user);
      if (found.ok) accepted.push({ user, recipient: { account: found.account, address: user } });
      else codes.set(user, found.why === "noSuchUser" ? 550 : 451);
    }
    if (accepted.length === 0) return codes;
    const recipients = accepted.map(({ recipient }) => recipient);
    const incoming = new IncomingMessage(
      services.accounts,
      () => recipients.map(({ account }) => account),
      1 << 20,
      () => services.randomHex(12),
    );
    incoming.write(bytes);
    const message = await incoming.finish();
    const facts = { session: "lmtp", remote: "192.0.2.2", sender: "a@example.org", size: bytes.length };
    const replies = await deliver(services, { ...facts, recipients, message });
    for (const [at, { user }] of accepted.entries()) codes.set(user, replies[at]!.code);
    return codes;
  }
}
