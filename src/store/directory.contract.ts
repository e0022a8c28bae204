import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addressOf, newAccountId, plain, userOf } from "./contract-fixtures.ts";
import { type DirectoryStore, type StoredUser, versionOf } from "./directory.ts";

type OpenDirectory = { directory: DirectoryStore; close(): Promise<void> };

/**
 * The laws of `DirectoryStore`, on any implementation; every `open` gives an empty one. `another`: the same one as
 * another node sees it, where there can be more than one.
 */
export function directoryContract(
  name: string,
  open: () => Promise<{ directory: DirectoryStore; another?(): Promise<OpenDirectory>; close(): Promise<void> }>,
): void {
  describe(`DirectoryStore contract: ${name}`, () => {
    let directory: DirectoryStore;
    let close: () => Promise<void>;
    let another: (() => Promise<OpenDirectory>) | undefined;
    beforeAll(async () => {
      ({ directory, close, another } = await open());
    });
    afterAll(() => close());

    async function inserted(user: StoredUser): Promise<StoredUser> {
      expect(await directory.insertUser(user, addressOf(user))).toBe("inserted");
      return user;
    }

    test("a user is found by id, by name and by address, every field as it was given", async () => {
      const user = await inserted(userOf("anna"));
      for (const found of [
        await directory.userById(user.id),
        await directory.userByView("anna"),
        await directory.userByView("anna@example.com"),
      ])
        expect(plain(found)).toEqual(plain(user));
      const bare = userOf("bare", { metaData: "text", internalData: { deep: { er: [] } }, settings: {}, tags: [] });
      expect(await directory.insertUser(bare, null)).toBe("inserted");
      expect(plain(await directory.userById(bare.id))).toEqual(plain(bare));
      expect(await directory.userByView("bare@example.com")).toBeNull();
      expect(await directory.addressesOf(bare.id)).toEqual([]);
    });

    test("of two names the first that somebody has is found", async () => {
      const [one, two] = [await inserted(userOf("nora")), await inserted(userOf("olaf"))];
      for (const [view, otherwise, found] of [
        ["nora", "olaf", one],
        ["olaf", "nora", two],
        ["nobody", "olaf", two],
        ["nora", "nobody", one],
        ["nora@example.com", "olaf", one],
        ["nobody", "olaf@example.com", two],
        ["nobody", "nobody@example.com", null],
      ] as const)
        expect(plain(await directory.userByView(view, otherwise))).toEqual(plain(found));
    });

    test("nobody is found under a name nobody has", async () => {
      expect(await directory.userById(newAccountId())).toBeNull();
      expect(await directory.userByView("nobody")).toBeNull();
      expect(await directory.addressByView("nobody@example.com")).toBeNull();
      expect(await directory.addressesOf(newAccountId())).toEqual([]);
    });

    test("an address is found with everything it carries", async () => {
      const user = userOf("carla");
      const address = addressOf(user, "Carla.Example@Example.com", {
        addressView: "carlaexample@example.com",
        tags: ["t"],
        main: true,
      });
      await directory.insertUser(user, address);
      expect(await directory.addressByView("carlaexample@example.com")).toEqual(address);
      const second = addressOf(user, "second@example.com");
      expect(await directory.insertAddress(second)).toBe("inserted");
      expect(await directory.userByView("second@example.com")).toEqual(user);
      const all = await directory.addressesOf(user.id);
      expect([...all].sort((a, b) => a.address.localeCompare(b.address))).toEqual([address, second]);
    });

    test("a taken user name leaves nothing behind", async () => {
      const first = await inserted(userOf("dora"));
      const second = userOf("DORA", { usernameView: "dora", address: "other@example.com" });
      expect(await directory.insertUser(second, addressOf(second))).toBe("userExists");
      expect(await directory.userById(second.id)).toBeNull();
      expect(await directory.addressByView("other@example.com")).toBeNull();
      expect((await directory.userByView("dora"))!.id).toBe(first.id);
    });

    test("a taken address leaves nothing behind", async () => {
      await inserted(userOf("emil"));
      const second = userOf("emil2", { address: "emil@example.com" });
      expect(await directory.insertUser(second, addressOf(second))).toBe("addressExists");
      expect(await directory.userById(second.id)).toBeNull();
      expect(await directory.userByView("emil2")).toBeNull();
      expect(await directory.addressesOf(second.id)).toEqual([]);
      const third = await inserted(userOf("emil2"));
      expect((await directory.userByView("emil2"))!.id).toBe(third.id);
    });

    test("of many who want one name at once, one gets it, and the others leave nothing", async () => {
      const rivals = Array.from({ length: 10 }, (_, at) => userOf("fred", { address: `fred${at}@example.com` }));
      const results = await Promise.all(rivals.map((user) => directory.insertUser(user, addressOf(user))));
      expect(results.filter((result) => result === "inserted")).toHaveLength(1);
      expect(results.filter((result) => result === "userExists")).toHaveLength(9);
      for (const [at, rival] of rivals.entries()) {
        expect((await directory.userById(rival.id)) !== null).toBe(results[at] === "inserted");
        expect((await directory.addressByView(rival.address)) !== null).toBe(results[at] === "inserted");
      }
    });

    test("of many who want one address at once, one gets it, and the others leave nothing", async () => {
      const rivals = Array.from({ length: 10 }, (_, at) => userOf(`gina${at}`, { address: "gina@example.com" }));
      const results = await Promise.all(rivals.map((user) => directory.insertUser(user, addressOf(user))));
      expect(results.filter((result) => result === "inserted")).toHaveLength(1);
      expect(results.filter((result) => result === "addressExists")).toHaveLength(9);
      const winner = rivals[results.indexOf("inserted")]!;
      expect((await directory.addressByView("gina@example.com"))!.user).toBe(winner.id);
      for (const rival of rivals) expect((await directory.userById(rival.id)) !== null).toBe(rival === winner);
    });

    test("an address belongs to one user; deleted, it is free", async () => {
      const [one, two] = [await inserted(userOf("hans")), await inserted(userOf("ivo"))];
      const shared = addressOf(one, "shared@example.com");
      expect(await directory.insertAddress(shared)).toBe("inserted");
      expect(await directory.insertAddress(addressOf(two, "shared@example.com"))).toBe("addressExists");
      expect((await directory.addressByView("shared@example.com"))!.user).toBe(one.id);
      expect(await directory.deleteAddress("shared@example.com")).toBe(true);
      expect(await directory.deleteAddress("shared@example.com")).toBe(false);
      expect(await directory.addressByView("shared@example.com")).toBeNull();
      expect(await directory.insertAddress(addressOf(two, "shared@example.com"))).toBe("inserted");
    });

    test("updateUser changes what is named and nothing else", async () => {
      const user = await inserted(userOf("jana"));
      const change = {
        disabled: true,
        quota: 0,
        name: "",
        metaData: { $x: { "y.z": 1 } },
        tags: [],
        settings: { a: null },
      };
      expect(await directory.updateUser(user.id, 0, change)).toBe("changed");
      expect(plain(await directory.userById(user.id))).toEqual(plain({ ...user, ...change, version: 1 }));
      expect(await directory.updateUser(user.id, 1, change)).toBe("changed");
      expect(await directory.updateUser(user.id, 2, {})).toBe("changed");
      expect(plain(await directory.userById(user.id))).toEqual(plain({ ...user, ...change, version: 3 }));
      expect(await directory.updateUser(newAccountId(), 0, { disabled: true })).toBe("noSuchUser");
      expect(await directory.updateUser(newAccountId(), 3, {})).toBe("noSuchUser");
    });

    test("updateUser changes nothing of a user that is not as it was read", async () => {
      const user = await inserted(userOf("lena"));
      expect(await directory.updateUser(user.id, 1, { name: "from the future" })).toBe("conflict");
      expect(await directory.updateUser(user.id, 0, { name: "first" })).toBe("changed");
      expect(await directory.updateUser(user.id, 0, { name: "second" })).toBe("conflict");
      expect(plain(await directory.userById(user.id))).toEqual(plain({ ...user, name: "first", version: 1 }));
    });

    test("of many who change what they have read of one user, from two nodes, each change stays", async () => {
      const user = await inserted(userOf("mona"));
      const other = (await another?.()) ?? { directory, close: async () => {} };
      try {
        const put = async (node: DirectoryStore, key: string): Promise<number> => {
          for (let conflicts = 0; ; conflicts++) {
            const read = await node.userById(user.id);
            const change = { settings: { ...read!.settings, [key]: true } };
            if ((await node.updateUser(user.id, versionOf(read!), change)) === "changed") return conflicts;
          }
        };
        const keys = Array.from({ length: 40 }, (_, at) => `key${at}`);
        await Promise.all(keys.map((key, at) => put(at % 2 ? directory : other.directory, key)));
        const after = await directory.userById(user.id);
        expect(Object.keys(after!.settings)).toEqual(expect.arrayContaining(keys));
        expect(versionOf(after!)).toBe(keys.length);
      } finally {
        await other.close();
      }
    });

    test("of two at once who have read the same version one changes the user, a hundred times over", async () => {
      const user = await inserted(userOf("nils"));
      const other = (await another?.()) ?? { directory, close: async () => {} };
      try {
        for (let version = 0; version < 100; version++) {
          const answers = await Promise.all([
            directory.updateUser(user.id, version, { name: "here" }),
            other.directory.updateUser(user.id, version, { name: "there" }),
          ]);
          expect(answers.toSorted()).toEqual(["changed", "conflict"]);
          expect((await directory.userById(user.id))!.name).toBe(answers[0] === "changed" ? "here" : "there");
        }
      } finally {
        await other.close();
      }
    });

    test("deleteUser removes the user and every address; their names are free again", async () => {
      const user = await inserted(userOf("kurt"));
      await directory.insertAddress(addressOf(user, "kurt2@example.com"));
      expect(await directory.deleteUser(user.id)).toBe(true);
      expect(await directory.deleteUser(user.id)).toBe(false);
      expect(await directory.userById(user.id)).toBeNull();
      expect(await directory.userByView("kurt")).toBeNull();
      expect(await directory.addressByView("kurt@example.com")).toBeNull();
      expect(await directory.addressByView("kurt2@example.com")).toBeNull();
      await inserted(userOf("kurt"));
    });

    test("listUsers pages by id in both directions, counts, and finds by part of name or address", async () => {
      const own = await open();
      try {
        const users: StoredUser[] = [];
        for (let at = 0; at < 25; at++) {
          const user = userOf(at % 5 === 0 ? `five.${at}` : `user${at}`, {
            address: `${at % 2 ? "odd" : "EVEN"}${at}@x.org`,
          });
          await own.directory.insertUser(user, addressOf(user, user.address, { main: true }));
          users.push(user);
        }
        const ids = users.map((user) => user.id).sort();
        const list = async (page: Parameters<DirectoryStore["listUsers"]>[0]) =>
          (await own.directory.listUsers(page)).map((user) => user.id);
        expect(await list({ limit: 100 })).toEqual(ids);
        expect(await list({ limit: 10 })).toEqual(ids.slice(0, 10));
        expect(await list({ limit: 10, after: ids[9]! })).toEqual(ids.slice(10, 20));
        expect(await list({ limit: 10, after: ids[24]! })).toEqual([]);
        expect(await list({ limit: 10, before: ids[20]! })).toEqual(ids.slice(10, 20));
        expect(await list({ limit: 10, before: ids[4]! })).toEqual(ids.slice(0, 4));
        expect(await own.directory.countUsers()).toBe(25);
        const named = (test: (user: StoredUser) => boolean) =>
          users
            .filter(test)
            .map((user) => user.id)
            .sort();
        expect(await list({ limit: 100, query: "IVE." })).toEqual(named((user) => user.username.startsWith("five.")));
        expect(await list({ limit: 100, query: "even" })).toEqual(named((user) => user.address.startsWith("EVEN")));
        expect(await list({ limit: 3, query: "even" })).toEqual(
          named((user) => user.address.startsWith("EVEN")).slice(0, 3),
        );
        expect(await list({ limit: 100, query: ".*" })).toEqual([]);
        expect(await own.directory.countUsers("even")).toBe(13);
        expect(await own.directory.countUsers("nothing like it")).toBe(0);
      } finally {
        await own.close();
      }
    });

    test("a setting is put once: the first one stays", async () => {
      expect(await directory.setting("k")).toBeNull();
      expect(await directory.putSettingOnce("k", "first")).toBe("first");
      expect(await directory.putSettingOnce("k", "second")).toBe("first");
      expect(await directory.setting("k")).toBe("first");
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, at) => directory.putSettingOnce("race", `${at}`)),
      );
      expect(new Set(answers).size).toBe(1);
      expect(await directory.setting("race")).toBe(answers[0]!);
    });
  });
}
