import { LmtpClient } from "../../lmtp-client.ts";
import type { DeliveryLedger } from "../delivery-ledger.ts";
import { type Letter, letter } from "../letter.ts";
import type { Burst, CrashUser, Lane, LaneAround, Ports } from "./lane.ts";

export type Recipient = { readonly user: CrashUser; readonly ledger: DeliveryLedger };

/** An MTA's connection: it delivers without end, and what was not answered it mostly sends again, the very same. */
export class LmtpLane implements Lane {
  readonly #around: Omit<LaneAround, "user">;
  readonly #recipients: readonly Recipient[];
  #client: LmtpClient | null = null;
  #letters = 0;
  #again: { readonly letter: Letter; readonly to: Recipient } | null = null;

  constructor(around: Omit<LaneAround, "user">, recipients: readonly Recipient[]) {
    this.#around = around;
    this.#recipients = recipients;
  }

  async work(ports: Ports, burst: Burst): Promise<void> {
    const { random, name } = this.#around;
    this.#client ??= await LmtpClient.open(ports.lmtp);
    while (!burst.over) {
      const { letter: sent, to } = this.#again ?? {
        letter: letter(`${name}.${++this.#letters}`, random),
        to: random.one(this.#recipients),
      };
      this.#again = null;
      to.ledger.attempt(sent);
      const reply = await this.#client.deliver(to.user.address, sent.text);
      if (reply?.startsWith("250")) {
        to.ledger.delivered(sent.name);
        // An MTA that did not hear it: the same once more is the same.
        if (random.chance(0.03)) this.#again = { letter: sent, to };
        continue;
      }
      if (random.chance(0.8)) this.#again = { letter: sent, to };
      if (reply === null) return this.leave();
      if (!/^4\d\d /.test(reply)) this.#around.fault(`a delivery was answered ${reply}`);
      // Whatever had been said of it is forgotten: a recipient may have been refused, the sender was not.
      await this.#client.say("RSET");
      return;
    }
  }

  leave(): void {
    this.#client?.close();
    this.#client = null;
  }
}
