import { networkOf, widerNetworkOf } from "../actors/directory/network-of.ts";

export type NewcomerLimits = {
  /** Newcomers from one address (IPv6: one /64 network); from the network around it (/24, /48) four times as many. */
  readonly perAddress: number;
  /** Whether many clients share this address: it has no limit of its own. */
  readonly trusted: (address: string) => boolean;
};

const widerTimes = 4;

/**
 * Connections of one listener of which it is not known yet whose they are: nobody has logged in, no recipient was
 * accepted. So many may come from one place, and where there is no room for another, the one that has been there longest
 * gives way. Who is known is counted for the user, and stays.
 */
export class Newcomers<C> {
  readonly #limits: NewcomerLimits;
  /** The oldest first; with the places each counts for. */
  readonly #connections = new Map<C, readonly string[]>();
  readonly #ofPlace = new Map<string, number>();

  constructor(limits: NewcomerLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** One whose address is not known yet: a load balancer will tell it. */
  enter(connection: C): void {
    this.#connections.set(connection, nowhere);
  }

  /** Counts it for its address; false where there are too many from there already, and it is none of the newcomers then. */
  locate(connection: C, address: string): boolean {
    if (this.#limits.trusted(address)) return true;
    const [own, wider] = [networkOf(address), widerNetworkOf(address)];
    const most = this.#limits.perAddress;
    if (this.#countOf(own) >= most || this.#countOf(wider) >= most * widerTimes) {
      this.leave(connection);
      return false;
    }
    // As old as it was: a key that is there keeps its place.
    this.#connections.set(connection, [own, wider]);
    for (const place of [own, wider]) this.#ofPlace.set(place, this.#countOf(place) + 1);
    return true;
  }

  /** It is known whose it is, or it is gone. */
  leave(connection: C): void {
    const places = this.#connections.get(connection);
    if (!this.#connections.delete(connection)) return;
    for (const place of places!) {
      const left = this.#countOf(place) - 1;
      if (left > 0) this.#ofPlace.set(place, left);
      else this.#ofPlace.delete(place);
    }
  }

  /** The one that has been there longest, and is none any more; null where there is no other than `but`. */
  takeOldest(but: C): C | null {
    for (const connection of this.#connections.keys()) {
      if (connection === but) continue;
      this.leave(connection);
      return connection;
    }
    return null;
  }

  #countOf(place: string): number {
    return this.#ofPlace.get(place) ?? 0;
  }
}

const nowhere: readonly string[] = [];
