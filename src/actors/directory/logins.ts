import { addressView } from "../../domain/address.ts";
import type { Logger } from "../../operation/logger.ts";
import type { StoredUser } from "../../store/directory.ts";
import type { Hints } from "../../store/hints.ts";
import type { Clock } from "../runtime/clock.ts";
import { FairTurns } from "../runtime/fair-turns.ts";
import { type FailureLimits, LoginLimits, rateLimited } from "./login-limits.ts";
import { networkOf } from "./network-of.ts";
import type { PasswordCheck } from "./password-check.ts";
import type { LoginAttempt } from "./requests.ts";

export type LoginParts = {
  readonly hints: Hints;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hostname: string;
  readonly limits: FailureLimits;
  /** Passwords being checked at a time: enough to keep the workers busy, few enough that other jobs get their turn. */
  readonly checkedAtOnce: number;
  readonly passwords: PasswordCheck;
  /** The user of this name, as it was given. */
  readonly find: (name: string) => Promise<StoredUser | null>;
};

type Failed = { ok: false; why: "badCredentials" | "disabled" } | ReturnType<typeof rateLimited>;

/** Who may come in with a name and a password: failures are counted and slowed down, and checks are made by fair turns. */
export class Logins {
  readonly #parts: LoginParts;
  readonly #limits: LoginLimits;
  readonly #turns: FairTurns;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.#limits = new LoginLimits(parts.hints, parts.limits, "login", parts.clock);
    this.#turns = new FairTurns(parts.checkedAtOnce);
  }

  /** @throws StoreUnavailable */
  async authenticate({
    username,
    password,
    protocol,
    remote,
  }: LoginAttempt): Promise<{ ok: true; user: StoredUser } | Failed> {
    const { clock, find, hostname, passwords } = this.#parts;
    // What is counted is the name as it was given: were a user's names counted together, or unknown ones otherwise,
    // the limit would tell strangers which names there are and which belong together.
    const name = addressView(username, hostname);
    const standing = await this.#limits.standing(name, remote);
    if (standing.wait > 0) return rateLimited(standing.wait);
    const user = await find(username);
    // Guesses that come all at once are looked at one after the other, each after the failures before it counted.
    const checked = passwords.isProven(user, password)
      ? "right"
      : await this.#turns.take(networkOf(remote), standing.known, async () => {
          const { wait } = await this.#limits.standing(name, remote);
          if (wait > 0) return rateLimited(wait);
          if (await passwords.verify(user, password)) return "right";
          return { wrong: await this.#failed(name, remote) };
        });
    if (checked !== "right" && "ok" in checked) return checked;
    if (checked !== "right") {
      await new Promise<void>((resolve) => void clock.after(checked.wrong, resolve));
      return { ok: false, why: "badCredentials" };
    }
    await this.#limits.succeeded(name, remote);
    if (!user || user.disabled || user.suspended || user.disabledScopes.includes(protocol)) {
      return { ok: false, why: "disabled" };
    }
    return { ok: true, user };
  }

  /** Counts a wrong password; answers after how many milliseconds that may be told. One line says that a limit is reached. */
  async #failed(user: string, remote: string): Promise<number> {
    const { delay, reached } = await this.#limits.failed(user, remote);
    if (reached !== null) {
      const fields = { user, remote, network: networkOf(remote), limit: reached };
      this.#parts.logger.warn(fields, "too many failed logins: the next are refused unseen");
    }
    return delay;
  }
}
