import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { ManualClock } from "../../../test/manual-clock.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { StoredToken, StoredUser } from "../../store/directory.ts";
import { UserTokens } from "./user-tokens.ts";

const day = 86_400_000;
const alice = "aaaaaaaaaaaaaaaaaaaaaaaa" as AccountId;

function tokensOf() {
  const clock = new ManualClock();
  let kept: readonly StoredToken[] = [];
  let writes = 0;
  const store = {
    userById: async (id: AccountId) => (id === alice ? ({ id, tokens: kept } as unknown as StoredUser) : null),
    async updateUser(_: AccountId, change: { tokens?: readonly StoredToken[] }) {
      kept = change.tokens ?? kept;
      writes++;
      return true;
    },
  };
  const tokens = new UserTokens({ store, clock, randomHex: (bytes) => randomBytes(bytes).toString("hex") });
  return { clock, tokens, kept: () => kept, writes: () => writes };
}

test("a token that is not used ends after 14 days", async () => {
  const { clock, tokens } = tokensOf();
  const token = (await tokens.issue(alice))!;
  clock.advance(14 * day - 1000);
  expect(await tokens.ownerOf(token)).toBe(alice);
  clock.advance(14 * day + 1);
  expect(await tokens.ownerOf(token)).toBeNull();
});

test("one that is used lives on, for 180 days, and is written down once a day at most", async () => {
  const { clock, tokens, writes } = tokensOf();
  const token = (await tokens.issue(alice))!;
  let uses = 0;
  while ((await tokens.ownerOf(token)) !== null) {
    uses++;
    clock.advance(day / 8);
  }
  expect(uses / 8).toBeGreaterThan(179);
  expect(uses / 8).toBeLessThan(181);
  expect(writes()).toBeLessThan(182);
});

test("a user has a hundred; the oldest go first", async () => {
  const { tokens, kept } = tokensOf();
  const issued: string[] = [];
  for (let n = 0; n < 103; n++) issued.push((await tokens.issue(alice))!);
  expect(kept().length).toBe(100);
  expect(await tokens.ownerOf(issued[2]!)).toBeNull();
  expect(await tokens.ownerOf(issued[3]!)).toBe(alice);
});

test("nobody has none", async () => {
  const { tokens } = tokensOf();
  expect(await tokens.issue("bbbbbbbbbbbbbbbbbbbbbbbb" as AccountId)).toBeNull();
  expect(await tokens.revoke("b".repeat(64))).toBe(false);
});
