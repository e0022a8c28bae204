import { networkOf } from "../../actors/directory/network-of.ts";
import type { Principal } from "./auth/principal.ts";
import { HttpFailure } from "./failure.ts";

export type PlaceLimits = {
  /** Requests of one address (IPv6: one /64 network) of which it is not known yet who asks. */
  readonly perAddress: number;
  /** Requests of one user. */
  readonly perUser: number;
  /** Whether many clients share this address: it has no limit of its own. */
  readonly trusted: (address: string) => boolean;
};

/** One request's place among those that are being answered. */
export type RequestPlace = {
  /**
   * It is known now who asks: the request counts for the user instead of the address; the root token's for nobody.
   *
   * @throws HttpFailure 429 where the user has too many already
   */
  belongsTo(principal: Principal): void;
  leave(): void;
};

/** How many requests each address and each user may have answered at one time, so that nobody takes all there may be. */
export class RequestPlaces {
  readonly #limits: PlaceLimits;
  readonly #counts = new Map<string, number>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /**
   * A place for a request from this address, to be left again.
   *
   * @throws HttpFailure 429 where there are too many from there already
   */
  enter(remote: string): RequestPlace {
    const { perAddress, perUser, trusted } = this.#limits;
    let key = trusted(remote) ? null : this.#take(`address ${networkOf(remote)}`, perAddress);
    const leave = (): void => {
      if (key !== null) this.#giveBack(key);
      key = null;
    };
    return {
      belongsTo: (principal) => {
        leave();
        if (principal.kind === "user") key = this.#take(`user ${principal.account}`, perUser);
      },
      leave,
    };
  }

  /** Whose requests are being answered. */
  get size(): number {
    return this.#counts.size;
  }

  #take(key: string, most: number): string {
    const count = this.#counts.get(key) ?? 0;
    if (count >= most) throw tooMany();
    this.#counts.set(key, count + 1);
    return key;
  }

  #giveBack(key: string): void {
    const left = this.#counts.get(key)! - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}

const tooMany = () =>
  new HttpFailure(429, "RateLimitedError", "Too many requests at one time: wait for the answers to others", {
    retryAfter: 1,
  });
