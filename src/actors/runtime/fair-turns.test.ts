import { expect, test } from "bun:test";
import { FairTurns } from "./fair-turns.ts";

/** Takes the only turn and gives it back once everybody waits; answers who came in which order. */
async function order(wishes: readonly { whose: string; known?: boolean }[]): Promise<string[]> {
  const turns = new FairTurns(1);
  const came: string[] = [];
  let release = () => {};
  const held = turns.take("holder", false, () => new Promise<void>((resolve) => (release = resolve)));
  const all = wishes.map(({ whose, known = false }) => turns.take(whose, known, async () => void came.push(whose)));
  release();
  await Promise.all([held, ...all]);
  return came;
}

const many = (count: number, whose: string, known = false) => Array.from({ length: count }, () => ({ whose, known }));

test("one who comes behind a crowd waits for one turn of it", async () => {
  const came = await order([...many(600, "crowd"), { whose: "alice" }, { whose: "bob" }]);
  expect(came.slice(0, 3)).toEqual(["crowd", "alice", "bob"]);
  expect(came).toHaveLength(602);
});

test("who is known goes first, and strangers get every fourth turn", async () => {
  const came = await order([...many(4, "stranger"), ...many(5, "home", true)]);
  expect(came.join(" ")).toBe("home home home stranger home home stranger stranger stranger");
});

test("so many at a time; a failure gives its turn back, and nobody is forgotten", async () => {
  const turns = new FairTurns(2);
  let running = 0;
  let most = 0;
  const settled = await Promise.allSettled(
    Array.from({ length: 10 }, (_, n) =>
      turns.take(`${n % 3}`, n % 2 === 0, async () => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        if (n % 3 === 0) throw new Error(`${n}`);
      }),
    ),
  );
  expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(4);
  expect(most).toBe(2);
  expect(await turns.take("next", false, async () => "free")).toBe("free");
});
