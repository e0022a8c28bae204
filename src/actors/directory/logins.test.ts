import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../test/manual-clock.ts";
import { mongoAndRedis, type OpenStores, openEmbedded, type TestStores } from "../../../test/stores.ts";
import type { Logger } from "../../operation/logger.ts";
import type { Hints } from "../../store/hints.ts";
import { objectIds } from "../runtime/object-id.ts";
import { jobs } from "../workers/jobs.ts";
import { DirectoryService } from "./directory-service.ts";

const home = "192.0.2.1";
const office = "198.51.100.7";
const strangers = (n: number) => `203.0.113.${n}`;
const limits = { perUser: 4, perUserAnywhere: 12, perAddress: 6, window: 600 };

/** Time stands still, and what a client has to wait for its answer has passed at once. */
class ImpatientClock extends ManualClock {
  override after(_ms: number, run: () => void): () => void {
    queueMicrotask(run);
    return () => {};
  }
}

const mongo = await mongoAndRedis();
suite("embedded", openEmbedded);
if ("missing" in mongo) test.skip(mongo.missing, () => {});
else suite("MongoDB and Redis", mongo);

function suite(name: string, open: OpenStores): void {
  describe(`logins: ${name}`, () => {
    const parent = mkdtempSync(join(tmpdir(), "eider-logins-"));
    const lines: { level: string; text: string; fields: Record<string, unknown> }[] = [];
    let stores: TestStores;
    let directory: DirectoryService;
    let asked: string[] = [];
    let verified = 0;
    let user = 0;

    beforeAll(async () => {
      stores = await open(parent);
      const { hints } = stores;
      const counting: Hints = new Proxy(hints, {
        get(target, key) {
          const value = Reflect.get(target, key) as unknown;
          if (typeof value !== "function") return value;
          return (...given: unknown[]) => {
            if (key === "put" || (key === "count" && given[1] !== 0)) asked.push(`${String(key)} ${given[0]}`);
            return value.apply(target, given);
          };
        },
      });
      const log = (level: string) => (fields: object, text: string) => {
        lines.push({ level, text, fields: fields as Record<string, unknown> });
      };
      const clock = new ImpatientClock();
      directory = new DirectoryService({
        store: stores.stores.directory,
        accounts: { ask: async () => ({ ok: true }) } as never,
        sessions: { endAll() {} },
        cpu: {
          hashPassword: jobs.hashPassword,
          verifyPassword: (password, hash) => {
            verified++;
            return jobs.verifyPassword(password, hash);
          },
        },
        hints: counting,
        clock,
        logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") } as Logger,
        hostname: "localhost",
        newId: objectIds(clock.now.bind(clock), (bytes) => randomBytes(bytes)),
        randomHex: (bytes) => randomBytes(bytes).toString("hex"),
        limits: { ...limits, trusted: (address) => address === "192.0.2.99" },
        quota: 0,
        checkedAtOnce: 4,
      });
    });
    afterAll(async () => {
      directory.stop();
      await stores.close();
      rmSync(parent, { recursive: true, force: true });
    });

    async function newUser(): Promise<string> {
      const username = `user${++user}`;
      const made = await directory.createUser({ username, password: "secret" } as never);
      expect(made.ok).toBe(true);
      asked = [];
      verified = 0;
      lines.length = 0;
      return username;
    }
    async function login(username: string, remote: string, password = "secret"): Promise<string> {
      const result = await directory.authenticate({ username, password, protocol: "imap", remote });
      return result.ok ? "ok" : result.why;
    }
    /** A network that nothing else of this file uses. */
    let networks = 0;
    const network = () => `2001:db8:0:${(++networks).toString(16)}::1`;

    test("strangers lock a name out where they are, and nowhere else", async () => {
      const name = await newUser();
      const there = network();
      for (let n = 0; n < limits.perUser; n++) expect(await login(name, there, `wrong${n}`)).toBe("badCredentials");
      expect(await login(name, there)).toBe("rateLimited");
      expect(await login(name, network())).toBe("ok");
    });

    test("where a name got in lately it gets in whatever comes from elsewhere", async () => {
      const name = await newUser();
      expect(await login(name, home)).toBe("ok");
      for (let n = 0; n < limits.perUserAnywhere; n++) await login(name, strangers(n), "wrong");
      expect(await login(name, office)).toBe("rateLimited");
      expect(await login(name, home)).toBe("ok");
      // Its own mistakes count there too.
      for (let n = 0; n < limits.perUser; n++) await login(name, home, "wrong");
      expect(await login(name, home)).toBe("rateLimited");
    });

    test("a network over its limit is refused, but for names that got in from there lately", async () => {
      const [name, other] = [await newUser(), await newUser()];
      const there = network();
      expect(await login(name, there)).toBe("ok");
      for (let n = 0; n < limits.perAddress; n++) await login(`spray${n}`, there, "wrong");
      expect(await login(other, there)).toBe("rateLimited");
      expect(await login(name, there)).toBe("ok");
    });

    test("who is over a limit makes no counter, no line and no check of a password", async () => {
      const name = await newUser();
      const there = network();
      for (let n = 0; n < limits.perAddress; n++) await login(`guess${n}`, there, "wrong");
      const warned = lines.filter(({ level }) => level === "warn");
      expect(warned.map(({ fields }) => fields.limit)).toEqual(["perAddress"]);
      [asked, verified] = [[], 0];
      lines.length = 0;
      for (let n = 0; n < 200; n++) expect(await login(`${name}x${n}`, there, "wrong")).toBe("rateLimited");
      expect({ asked, verified, lines }).toEqual({ asked: [], verified: 0, lines: [] });
    });

    test("names that are none, names and their aliases are counted and answered alike", async () => {
      const name = await newUser();
      const found = (await directory.userByName(name))!;
      const alias = `alias${user}@example.com`;
      await stores.stores.directory.insertAddress({
        id: randomBytes(12).toString("hex"),
        address: alias,
        addressView: alias,
        user: found.id,
        created: 0,
        tags: [],
        main: false,
      });
      expect(await login(alias, network())).toBe("ok");
      const heard = async (first: string, second: string) => {
        const there = network();
        const answers: string[] = [];
        for (let n = 0; n < limits.perUser + 1; n++) answers.push(await login(first, there, "wrong"));
        answers.push(await login(second, there, "wrong"));
        return answers;
      };
      const unknown = await heard("nobody@localhost", "nobody2@example.com");
      expect(unknown.slice(-2)).toEqual(["rateLimited", "badCredentials"]);
      expect(await heard(`${name}@localhost`, alias)).toEqual(unknown);
      expect(await heard(alias, name)).toEqual(unknown);
    });

    test("other spellings of one name are that name", async () => {
      const there = network();
      for (const name of ["no.body", "NoBody@localhost", "nobody+x@LOCALHOST", " nobody"])
        await login(name, there, "wrong");
      expect(await login("nobody", there)).toBe("rateLimited");
      expect(await login("nobody.else", there)).toBe("badCredentials");
    });

    test("a network that many share has no limit of its own", async () => {
      const name = await newUser();
      for (let n = 0; n < 2 * limits.perAddress; n++) await login(`shared${n}`, "192.0.2.99", "wrong");
      expect(await login(name, "192.0.2.99")).toBe("ok");
    });

    test("wrong access tokens are counted for the network, and tokens used from there lately stay good", async () => {
      const name = await newUser();
      const found = (await directory.userByName(name))!;
      const token = (await directory.issueToken(found))!;
      const [there, elsewhere] = [network(), network()];
      expect(await directory.tokenOwner(token, there)).toEqual({ ok: true, account: found.id });
      for (let n = 0; n < limits.perAddress; n++) {
        const wrong = n % 2 ? `guess${n}` : randomBytes(32).toString("hex");
        expect(await directory.tokenOwner(wrong, there)).toEqual({ ok: false, why: "unknown" });
      }
      expect(lines.map(({ text }) => text)).toEqual([
        ...Array<string>(limits.perAddress - 1).fill("Refused an unknown access token"),
        "Too many unknown access tokens: the next are refused unseen",
      ]);
      expect(JSON.stringify(lines)).not.toContain("guess");
      [asked, lines.length] = [[], 0];
      const refused = await directory.tokenOwner("guess", there);
      expect(refused).toMatchObject({ ok: false, why: "rateLimited" });
      expect({ asked, lines }).toEqual({ asked: [], lines: [] });
      await directory.updateUser(found.id, { name: "What is remembered of tokens is forgotten" });
      expect(await directory.tokenOwner(token, there)).toEqual({ ok: true, account: found.id });
      expect(await directory.tokenOwner(token, elsewhere)).toEqual({ ok: true, account: found.id });
    });

    test("a hash that is weaker or from elsewhere is made anew at the first login, unless it has not seen all of the password", async () => {
      const store = stores.stores.directory;
      const made = async (password: string, cost: number, cut: boolean) => {
        const username = `imported${++user}`;
        const seen = cut ? Buffer.from(password).subarray(0, 72) : password;
        const hashedPassword = await Bun.password.hash(seen, { algorithm: "bcrypt", cost });
        await directory.createUser({ username, hashedPassword, password: false } as never);
        return { username, hashedPassword };
      };
      const short = await made("secret", 4, false);
      const there = network();
      expect(await login(short.username, there, "wrong")).toBe("badCredentials");
      expect((await store.userByView(short.username))!.passwordHash).toBe(short.hashedPassword);
      expect(await login(short.username, there)).toBe("ok");
      const renewed = (await store.userByView(short.username))!.passwordHash;
      expect(renewed).toStartWith("$argon2id$");
      expect(await login(short.username, network())).toBe("ok");
      expect((await store.userByView(short.username))!.passwordHash).toBe(renewed);
      const password = "long".repeat(20);
      const long = await made(password, 4, true);
      expect(await login(long.username, network(), password)).toBe("ok");
      expect((await store.userByView(long.username))!.passwordHash).toBe(long.hashedPassword);
    });
  });
}
