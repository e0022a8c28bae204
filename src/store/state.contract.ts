import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bytesOf, newAccountId, newMessageId, plain, textBytes } from "./contract-fixtures.ts";
import type { State, StoredMessage } from "./state.ts";

/** The laws of `State`, on any implementation; `open` is called once. */
export function stateContract(name: string, open: () => Promise<{ state: State; close(): Promise<void> }>): void {
  describe(`State contract: ${name}`, () => {
    let state: State;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ state, close } = await open());
    });
    afterAll(() => close());

    const parts = (given: Record<string, Uint8Array>) => new Map(Object.entries(given));
    const sorted = (map: ReadonlyMap<string, Uint8Array>) => plain(Object.fromEntries([...map].sort()));
    const message = (seed: number): StoredMessage => ({
      message: newMessageId(),
      place: bytesOf(40, seed),
      envelope: textBytes(`("subject ${seed}")`),
      bodystructure: new Uint8Array(0),
      anatomy: bytesOf(300, seed),
      summary: textBytes(`{"seed":${seed}}`),
    });

    test("a snapshot comes back whole; an account without one has null", async () => {
      const account = newAccountId();
      expect(await state.loadSnapshot(account)).toBeNull();
      const given = parts({ a: bytesOf(50_000), "m.$1": new Uint8Array(0), ü: bytesOf(256) });
      await state.saveSnapshot({ account, seq: 7, head: bytesOf(1000, 1), names: [...given.keys()], parts: given });
      const loaded = await state.loadSnapshot(account);
      expect(loaded!.seq).toBe(7);
      expect(plain(loaded!.head)).toEqual(plain(bytesOf(1000, 1)));
      expect(sorted(loaded!.parts)).toEqual(sorted(given));
      expect(await state.loadSnapshot(newAccountId())).toBeNull();
    });

    test("a later snapshot shares the parts it names and lets go of the others", async () => {
      const account = newAccountId();
      const [a, b, c] = [bytesOf(10, 1), bytesOf(10, 2), bytesOf(10, 3)];
      await state.saveSnapshot({ account, seq: 1, head: textBytes("1"), names: ["a", "b"], parts: parts({ a, b }) });
      await state.saveSnapshot({ account, seq: 2, head: textBytes("2"), names: ["b", "c"], parts: parts({ c }) });
      const loaded = await state.loadSnapshot(account);
      expect(loaded!.seq).toBe(2);
      expect(sorted(loaded!.parts)).toEqual(sorted(parts({ b, c })));
    });

    test("an older snapshot never replaces a newer one, and does it no harm", async () => {
      const account = newAccountId();
      const newer = { account, seq: 9, head: textBytes("9"), names: ["n"], parts: parts({ n: bytesOf(5) }) };
      await state.saveSnapshot(newer);
      await state.saveSnapshot({
        account,
        seq: 8,
        head: textBytes("8"),
        names: ["o"],
        parts: parts({ o: bytesOf(6) }),
      });
      await state.saveSnapshot(newer);
      const loaded = await state.loadSnapshot(account);
      expect(loaded!.seq).toBe(9);
      expect(plain(loaded!.head)).toEqual(plain(textBytes("9")));
      expect(sorted(loaded!.parts)).toEqual(sorted(newer.parts));
    });

    test("a snapshot that names a part nobody has is refused, and the one before it stays", async () => {
      const account = newAccountId();
      await state.saveSnapshot({
        account,
        seq: 1,
        head: textBytes("1"),
        names: ["a"],
        parts: parts({ a: bytesOf(3) }),
      });
      const broken = { account, seq: 2, head: textBytes("2"), names: ["a", "lost"], parts: parts({}) };
      // Not `rejects`: it waits inside the running task, and a message port delivers nothing more until that ends.
      const refusal = await state.saveSnapshot(broken).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Error);
      const loaded = await state.loadSnapshot(account);
      expect(loaded!.seq).toBe(1);
      expect([...loaded!.parts.keys()]).toEqual(["a"]);
    });

    test("snapshots saved at once leave the highest, whole", async () => {
      const account = newAccountId();
      const seqs = [4, 2, 9, 7, 1, 8, 3];
      await Promise.all(
        seqs.map((seq) => {
          const given = parts({ [`p${seq}`]: bytesOf(100, seq), [`q${seq}`]: bytesOf(100, seq + 1) });
          return state.saveSnapshot({
            account,
            seq,
            head: textBytes(`${seq}`),
            names: [...given.keys()],
            parts: given,
          });
        }),
      );
      const loaded = await state.loadSnapshot(account);
      expect(loaded!.seq).toBe(9);
      expect(sorted(loaded!.parts)).toEqual(sorted(parts({ p9: bytesOf(100, 9), q9: bytesOf(100, 10) })));
    });

    test("a snapshot of a thousand parts and one of none both hold", async () => {
      const account = newAccountId();
      const many = new Map(Array.from({ length: 1000 }, (_, at) => [`chunk/${at}`, bytesOf(200, at)] as const));
      await state.saveSnapshot({ account, seq: 1, head: bytesOf(9), names: [...many.keys()], parts: many });
      expect(sorted((await state.loadSnapshot(account))!.parts)).toEqual(sorted(many));
      await state.saveSnapshot({ account, seq: 2, head: new Uint8Array(0), names: [], parts: new Map() });
      const empty = await state.loadSnapshot(account);
      expect(empty!.seq).toBe(2);
      expect(empty!.head).toHaveLength(0);
      expect(empty!.parts.size).toBe(0);
    });

    test("loadMessages answers in the order asked, null for those not there, only the fields asked for", async () => {
      const account = newAccountId();
      const [one, two] = [message(1), message(2)];
      await state.saveMessages(account, [one, two]);
      const unknown = newMessageId();
      const found = await state.loadMessages(
        account,
        [two.message, unknown, one.message, two.message],
        ["envelope", "bodystructure"],
      );
      const shown = ({ envelope, bodystructure }: StoredMessage) => ({ envelope, bodystructure });
      expect(plain(found)).toEqual(plain([shown(two), null, shown(one), shown(two)]));
      const whole = await state.loadMessages(
        account,
        [one.message],
        ["place", "envelope", "bodystructure", "anatomy", "summary"],
      );
      const { message: _, ...fields } = one;
      expect(plain(whole)).toEqual(plain([fields]));
      expect(await state.loadMessages(account, [], ["place"])).toEqual([]);
      expect(await state.loadMessages(newAccountId(), [one.message], ["place"])).toEqual([null]);
    });

    test("writing a message again changes nothing, and others of the same call are kept", async () => {
      const account = newAccountId();
      const first = message(1);
      await state.saveMessages(account, [first]);
      const other = message(2);
      await state.saveMessages(account, [{ ...first, summary: textBytes("changed") }, other, other]);
      await state.saveMessages(account, []);
      const found = await state.loadMessages(account, [first.message, other.message], ["summary"]);
      expect(plain(found)).toEqual(plain([{ summary: first.summary }, { summary: other.summary }]));
    });

    test("two who write the same messages at once both succeed", async () => {
      const account = newAccountId();
      const messages = Array.from({ length: 40 }, (_, at) => message(at));
      await Promise.all([0, 1, 2, 3].map(() => state.saveMessages(account, messages)));
      const found = await state.loadMessages(
        account,
        messages.map((each) => each.message),
        ["place"],
      );
      expect(plain(found)).toEqual(plain(messages.map(({ place }) => ({ place }))));
    });

    test("deleteMessages forgets those named, of that account", async () => {
      const [account, other] = [newAccountId(), newAccountId()];
      const [one, two] = [message(1), message(2)];
      await state.saveMessages(account, [one, two]);
      await state.saveMessages(other, [one]);
      await state.deleteMessages(account, [one.message, newMessageId()]);
      await state.deleteMessages(account, []);
      expect((await state.loadMessages(account, [one.message, two.message], ["place"])).map(Boolean)).toEqual([
        false,
        true,
      ]);
      expect((await state.loadMessages(other, [one.message], ["place"])).map(Boolean)).toEqual([true]);
    });

    test("dropSnapshot forgets the snapshot of one account, and keeps its records", async () => {
      const [account, other] = [newAccountId(), newAccountId()];
      const record = message(5);
      for (const each of [account, other]) {
        const given = parts({ [`part ${each}`]: bytesOf(5) });
        await state.saveSnapshot({ account: each, seq: 4, head: bytesOf(3), names: [...given.keys()], parts: given });
      }
      await state.saveMessages(account, [record]);
      await state.dropSnapshot(account);
      await state.dropSnapshot(account);
      expect(await state.loadSnapshot(account)).toBeNull();
      expect(await state.loadSnapshot(other)).not.toBeNull();
      expect((await state.loadMessages(account, [record.message], ["place"]))[0]).not.toBeNull();
      const again = parts({ [`part ${account}`]: bytesOf(5) });
      await state.saveSnapshot({ account, seq: 3, head: bytesOf(3), names: [...again.keys()], parts: again });
      expect((await state.loadSnapshot(account))!.seq).toBe(3);
    });

    test("drop forgets snapshots and messages of one account and of no other", async () => {
      const [gone, stays] = [newAccountId(), newAccountId()];
      const one = message(1);
      for (const account of [gone, stays]) {
        await state.saveSnapshot({ account, seq: 3, head: bytesOf(1), names: ["a"], parts: parts({ a: bytesOf(2) }) });
        await state.saveMessages(account, [one]);
      }
      await state.drop(gone);
      expect(await state.loadSnapshot(gone)).toBeNull();
      expect(await state.loadMessages(gone, [one.message], ["place"])).toEqual([null]);
      expect((await state.loadSnapshot(stays))!.parts.size).toBe(1);
      expect((await state.loadMessages(stays, [one.message], ["place"])).map(Boolean)).toEqual([true]);
      await state.saveSnapshot({
        account: gone,
        seq: 1,
        head: bytesOf(1),
        names: ["a"],
        parts: parts({ a: bytesOf(4, 9) }),
      });
      expect(plain((await state.loadSnapshot(gone))!.parts.get("a"))).toEqual(plain(bytesOf(4, 9)));
    });
  });
}
