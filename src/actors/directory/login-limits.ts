import type { Hints } from "../../store/hints.ts";
import type { Clock } from "../runtime/clock.ts";
import { networkOf } from "./network-of.ts";

/** Each failure makes the next answer slower, up to this, milliseconds. */
const slowest = 3000;
const slowPerFailure = 150;
const longestName = 256;
/** Where a name got in it is known for so long after, seconds; written down anew when it is a day old. */
const knownFor = 30 * 86_400;
const writtenAgain = 86_400_000;

/** Failures within `window` seconds, after which a name or a network must wait. */
export type FailureLimits = {
  /** Of one name from one network. */
  readonly perUser: number;
  /** Of one name from everywhere; networks where it got in lately need not wait. */
  readonly perUserAnywhere: number;
  /** Of one network, whatever the names; names that got in from there lately need not wait. */
  readonly perAddress: number;
  readonly window: number;
  /** Whether many clients share this address (a proxy): it has no limit of its own. */
  readonly trusted: (address: string) => boolean;
};

/** What is known of a name and a network: `wait` seconds until it may try; `known`: it got in from there lately. */
export type Standing = { readonly wait: number; readonly known: boolean };

/**
 * Failures of names (as they were given, whether there is such a user or not), counted by name and network across nodes.
 * Reading leaves nothing behind, so who has to wait costs neither memory nor writes.
 */
export class LoginLimits {
  readonly #hints: Hints;
  readonly #limits: FailureLimits;
  readonly #kind: string;
  readonly #clock: Pick<Clock, "now">;

  /** Each `kind` of secret is counted by itself. */
  constructor(hints: Hints, limits: FailureLimits, kind: "login" | "token", clock: Pick<Clock, "now">) {
    this.#hints = hints;
    this.#limits = limits;
    this.#kind = kind;
    this.#clock = clock;
  }

  async standing(name: string, remote: string): Promise<Standing> {
    const keys = this.#keys(name, remote);
    const [known, here, anywhere, network] = await Promise.all([this.#hints.get(keys.known), ...this.#count(keys, 0)]);
    const { perUser, perUserAnywhere, perAddress, trusted } = this.#limits;
    const reached = [
      { of: here, most: perUser, counts: true },
      { of: anywhere, most: perUserAnywhere, counts: known === null },
      { of: network, most: perAddress, counts: known === null && !trusted(remote) },
    ].filter(({ of, most, counts }) => counts && of.count >= most);
    const wait = Math.max(0, ...reached.map(({ of }) => Math.max(1, Math.ceil(of.resetIn))));
    return { wait, known: known !== null };
  }

  /**
   * Counts a failure; answers after how many milliseconds the client may be told of it, and which limit it was the one
   * to reach: once in a window, whatever follows.
   */
  async failed(name: string, remote: string): Promise<{ delay: number; reached: keyof FailureLimits | null }> {
    const [here, anywhere, network] = await Promise.all(this.#count(this.#keys(name, remote), 1));
    const { perUser, perUserAnywhere, perAddress, trusted } = this.#limits;
    const shared = trusted(remote);
    const delay = Math.min(slowest, slowPerFailure * Math.max(here.count, shared ? 0 : network.count));
    if (!shared && network.count === perAddress) return { delay, reached: "perAddress" };
    if (here.count === perUser) return { delay, reached: "perUser" };
    return { delay, reached: anywhere.count === perUserAnywhere ? "perUserAnywhere" : null };
  }

  /** Remembers that this name got in from there. */
  async succeeded(name: string, remote: string): Promise<void> {
    const { known } = this.#keys(name, remote);
    const before = await this.#hints.get(known);
    if (before !== null && this.#clock.now() - Number(before.at) < writtenAgain) return;
    await this.#hints.put(known, { at: String(this.#clock.now()) }, knownFor);
  }

  #keys(name: string, remote: string) {
    // Names come from strangers: a counter is kept for each, so they are cut to what a name can be.
    const who = name.slice(0, longestName);
    const network = networkOf(remote);
    return {
      here: `${this.#kind}:here:${network}:${who}`,
      anywhere: `${this.#kind}:user:${who}`,
      network: `${this.#kind}:address:${network}`,
      known: `${this.#kind}:known:${network}:${who}`,
    };
  }

  #count({ here, anywhere, network }: { here: string; anywhere: string; network: string }, by: number) {
    const { window } = this.#limits;
    return [
      this.#hints.count(here, by, window),
      this.#hints.count(anywhere, by, window),
      this.#hints.count(network, by, window),
    ] as const;
  }
}

/** The answer to who has to wait so many seconds. */
export const rateLimited = (retryAfter: number) => ({ ok: false, why: "rateLimited", retryAfter }) as const;
