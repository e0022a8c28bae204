import type { Hints } from "../../store/hints.ts";
import { networkOf } from "./network-of.ts";

/** Each failure makes the next answer slower, up to this, milliseconds. */
const slowest = 3000;
const slowPerFailure = 150;
const longestName = 256;

/** Failed logins within `window` seconds: of one user, from one client address. */
export type FailureLimits = { readonly perUser: number; readonly perAddress: number; readonly window: number };

/** Failed logins, per user and per client address, counted across nodes. */
export class LoginLimits {
  readonly #hints: Hints;
  readonly #limits: FailureLimits;

  constructor(hints: Hints, limits: FailureLimits) {
    this.#hints = hints;
    this.#limits = limits;
  }

  /** Seconds until this user may be tried from this address again; 0: now. */
  async waitFor(user: string, remote: string): Promise<number> {
    const [byUser, byAddress] = await this.#count(user, remote, 0);
    if (byUser.count >= this.#limits.perUser) return Math.max(1, Math.ceil(byUser.resetIn));
    if (byAddress.count >= this.#limits.perAddress) return Math.max(1, Math.ceil(byAddress.resetIn));
    return 0;
  }

  /** Counts a failure; answers after how many milliseconds the client may be told of it. */
  async failed(user: string, remote: string): Promise<number> {
    const [byUser, byAddress] = await this.#count(user, remote, 1);
    return Math.min(slowest, slowPerFailure * Math.max(byUser.count, byAddress.count));
  }

  #count(user: string, remote: string, by: number) {
    const { window } = this.#limits;
    return Promise.all([
      // Names come from strangers: a counter is kept for each, so they are cut to what a name can be.
      this.#hints.count(`login:user:${user.slice(0, longestName)}`, by, window),
      this.#hints.count(`login:address:${networkOf(remote)}`, by, window),
    ]);
  }
}
