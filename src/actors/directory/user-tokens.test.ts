import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { ManualClock } from "../../../test/manual-clock.ts";
import type { AccountId } from "../../domain/ids.ts";
import { type StoredChange, type StoredUser, versionOf } from "../../store/directory.ts";
import { UserChanges } from "./user-changes.ts";
import { UserTokens } from "./user-tokens.ts";

const day = 86_400_000;
const alice = "aaaaaaaaaaaaaaaaaaaaaaaa" as AccountId;

/** The tokens of one user as two nodes see them, each with a memory of its own. */
function tokensOf() {
  const clock = new ManualClock();
  let user = { id: alice, passwordChange: 1, tokens: [], version: 0 } as unknown as StoredUser;
  let writes = 0;
  const store = {
    userById: async (id: AccountId) => (id === alice ? user : null),
    async updateUser(_: AccountId, version: number, change: StoredChange) {
      if (versionOf(user) !== version) return "conflict" as const;
      user = { ...user, ...change, version: version + 1 };
      writes++;
      return "changed" as const;
    },
  };
  const randomHex = (bytes: number) => randomBytes(bytes).toString("hex");
  const node = () => new UserTokens({ store, changes: new UserChanges(store), clock, randomHex });
  return { clock, tokens: node(), other: node(), kept: () => user.tokens!, writes: () => writes, store };
}

test("a token that is not used ends after 14 days", async () => {
  const { clock, tokens } = tokensOf();
  const token = (await tokens.issue(alice, 1))!;
  clock.advance(14 * day - 1000);
  expect(await tokens.ownerOf(token)).toBe(alice);
  clock.advance(14 * day + 1);
  expect(await tokens.ownerOf(token)).toBeNull();
});

test("one that is used lives on, for 180 days, and is written down once a day at most", async () => {
  const { clock, tokens, writes } = tokensOf();
  const token = (await tokens.issue(alice, 1))!;
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
  for (let n = 0; n < 103; n++) issued.push((await tokens.issue(alice, 1))!);
  expect(kept().length).toBe(100);
  expect(await tokens.ownerOf(issued[2]!)).toBeNull();
  expect(await tokens.ownerOf(issued[3]!)).toBe(alice);
});

test("nobody has none", async () => {
  const { tokens } = tokensOf();
  expect(await tokens.issue("bbbbbbbbbbbbbbbbbbbbbbbb" as AccountId, 1)).toBeNull();
  expect(await tokens.revoke("b".repeat(64))).toBe(false);
});

test("a revoked token does not come back with what another node writes at the same time", async () => {
  const { tokens, other, kept } = tokensOf();
  const first = (await tokens.issue(alice, 1))!;
  for (let round = 0; round < 20; round++) {
    const second = await tokens.issue(alice, 1);
    const [revoked, third] = await Promise.all([tokens.revoke(second!), other.issue(alice, 1)]);
    expect(revoked).toBe(true);
    other.forget();
    expect(await other.ownerOf(second!)).toBeNull();
    expect(await other.ownerOf(third!)).toBe(alice);
    expect(await other.revoke(third!)).toBe(true);
  }
  expect(kept().length).toBe(1);
  expect(await tokens.ownerOf(first)).toBe(alice);
});

test("no token is issued for a password that was changed meanwhile", async () => {
  const { tokens, kept, store } = tokensOf();
  expect(await store.updateUser(alice, 0, { passwordChange: 2, tokens: [] })).toBe("changed");
  expect(await tokens.issue(alice, 1)).toBeNull();
  expect(kept()).toEqual([]);
});

test("a look-up that was under way when all was forgotten is not remembered", async () => {
  const { tokens, other } = tokensOf();
  const token = (await tokens.issue(alice, 1))!;
  const owner = tokens.ownerOf(token);
  tokens.forget();
  expect(await owner).toBe(alice);
  await other.revoke(token);
  expect(await tokens.ownerOf(token)).toBeNull();
});
