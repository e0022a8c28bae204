import type { AccountId } from "../../domain/ids.ts";
import type { Blobs } from "../blobs.ts";
import { StoreUnavailable } from "../log.ts";
import type { Stores } from "../stores.ts";

/** One call of a port, as a plan sees it before it is done. */
export type StoreCall = {
  /** Counted over all ports, from 1. */
  readonly number: number;
  readonly port: "log" | "state" | "blobs" | "directory";
  /** Of the port; a blob's writer has `write`, `finish` and `abort`. */
  readonly method: string;
  readonly args: readonly unknown[];
};

/**
 * What becomes of a call: done; refused before anything was done; done, and its answer lost; or held until `release`
 * settles, then done.
 */
export type Fate =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly error?: Error }
  | { readonly kind: "answerLost"; readonly error?: Error }
  | { readonly kind: "held"; readonly release: Promise<unknown> };

export type FailingStores = Stores & {
  /** Decides about the calls from now on. */
  plan(decide: (call: StoreCall) => Fate): void;
  /** Every call made so far, in the order they were made. */
  readonly calls: readonly StoreCall[];
};

export const done: Fate = { kind: "done" };

/** Only the k-th call (from 1) that `matching` takes fails, in the given way. */
export function onlyCall(
  k: number,
  kind: "refused" | "answerLost",
  matching: (call: StoreCall) => boolean = () => true,
): (call: StoreCall) => Fate {
  let matched = 0;
  return (call) => (matching(call) && ++matched === k ? { kind } : done);
}

/** Every call from the k-th on is refused: a database that goes away and stays away. */
export function fromCall(k: number): (call: StoreCall) => Fate {
  let made = 0;
  return () => (++made >= k ? { kind: "refused" } : done);
}

/**
 * Stores whose every call passes a plan, for tests of what happens when any one of them fails. Without a plan all calls
 * are done. `close` is never planned.
 */
export function failingStores(stores: Stores, first: (call: StoreCall) => Fate = () => done): FailingStores {
  let decide = first;
  const calls: StoreCall[] = [];

  async function meet(
    port: StoreCall["port"],
    method: string,
    args: readonly unknown[],
    run: () => unknown,
  ): Promise<unknown> {
    const call: StoreCall = { number: calls.length + 1, port, method, args };
    calls.push(call);
    const fate = decide(call);
    if (fate.kind === "refused") throw fate.error ?? failure(call, "no");
    if (fate.kind === "held") await fate.release;
    const answer = await run();
    if (fate.kind === "answerLost") throw fate.error ?? failure(call, "unknown");
    return answer;
  }

  /** The same object, each method behind the plan. */
  function planned<P extends object>(port: StoreCall["port"], inner: P, special: Partial<P> = {}): P {
    return new Proxy(inner, {
      get(target, name) {
        if (name in special) return special[name as keyof P];
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function" || typeof name !== "string") return value;
        return (...args: unknown[]) => meet(port, name, args, () => value.apply(target, args));
      },
    });
  }

  async function* accounts() {
    await meet("log", "accounts", [], () => null);
    yield* stores.log.accounts();
  }
  async function* references(account: AccountId) {
    await meet("blobs", "references", [account], () => null);
    yield* stores.blobs.references(account);
  }
  const create: Blobs["create"] = () => planned("blobs", stores.blobs.create());

  return {
    log: planned("log", stores.log, { accounts }),
    state: planned("state", stores.state),
    blobs: planned("blobs", stores.blobs, { create, references }),
    directory: planned("directory", stores.directory),
    close: () => stores.close(),
    plan(next) {
      decide = next;
    },
    calls,
  };
}

function failure({ port, method, number }: StoreCall, kept: "no" | "unknown"): StoreUnavailable {
  const state = kept === "no" ? "it was refused as planned" : "its answer was lost as planned";
  return new StoreUnavailable(`Cannot do call ${number} (${port}.${method}): ${state}`, { kept });
}
