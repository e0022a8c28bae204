import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, goodPassword, startCommandLine } from "./command-line.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.stop());
beforeEach(() => line.begin());
afterEach(() => line.end());

describe("exit codes", () => {
  test("2 for words that make no sense, with how to find out", async () => {
    for (const words of [
      ["nonsense"],
      ["user", "add"],
      ["user", "list", "--nonsense"],
      ["import", "a@b", "pst", "x"],
      ["user", "add", "x@y", "--quota", "lots"],
    ]) {
      const { code, out, err } = await line.eider(words);
      expect({ words, code, out }).toEqual({ words, code: 2, out: "" });
      expect(err).toContain("--help");
    }
  });

  test("1 with one line for what the server refuses", async () => {
    const { code, out, err } = await line.eider(["user", "show", "nobody@example.com"]);
    expect({ code, out, err }).toEqual({
      code: 1,
      out: "",
      err: "eider: There is no user nobody@example.com: `eider user list` shows all\n",
    });
  });

  test("1 with one line where no server answers, or the token is another one's", async () => {
    const away = await line.eider(["user", "list", "--url", "http://127.0.0.1:1"]);
    expect(away.code).toBe(1);
    expect(away.err).toMatch(
      /^eider: No server answers at http:\/\/127\.0\.0\.1:1: .+: is it running\? `eider start` starts it\n$/,
    );
    const wrong = await line.eider(["user", "list"], { env: { EIDER_HTTP_TOKEN: "f".repeat(40) } });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/^eider: The server refused: .+\n$/);
    const none = await line.eider(["user", "list"], { env: { EIDER_DATA: join(line.cwd(), "none") } });
    expect(none.code).toBe(1);
    expect(none.err).toMatch(/^eider: There is no root token: .+ does not exist: start the server first/);
  });

  test("0 for help and version", async () => {
    expect(await line.eider(["--version"])).toMatchObject({ code: 0, out: "1.2.3\n" });
    const commands = [
      "start",
      "config",
      "user",
      "user add",
      "user list",
      "session list",
      "session end",
      "import",
      "export",
      "doctor",
    ];
    for (const command of commands) {
      const { code, out } = await line.eider([...command.split(" "), "--help"]);
      expect({ command, code, usage: out.startsWith(`Usage: eider ${command} `) }).toEqual({
        command,
        code: 0,
        usage: true,
      });
    }
  });
});

describe("eider user", () => {
  test("an account is added, shown, changed and deleted", async () => {
    const id = await line.addUser("ann@example.com", "--quota", "5G", "--name", "Ann");
    expect((await line.eider(["user", "show", "ANN@example.com", "--json"])).json()).toMatchObject({
      id,
      address: "ann@example.com",
      name: "Ann",
      disabled: false,
      limits: { quota: { allowed: 5 * 1024 ** 3, used: 0 } },
    });
    expect((await line.eider(["user", "list", "ann@"])).out).toMatch(
      /^ADDRESS +NAME +USED +QUOTA +STATE +ID\nann@example\.com +Ann +0 +5G +active +[0-9a-f]{24}\n$/,
    );
    await line.imap("ann@example.com", async (client) => expect(client.authenticated).toBeTruthy());

    expect(
      (await line.eider(["user", "passwd", "ann@example.com"], { typed: ["another horse!", "another horse!"] })).code,
    ).toBe(0);
    await line.imap("ann@example.com", async (client) => expect(client.authenticated).toBeTruthy(), "another horse!");

    expect((await line.eider(["user", "disable", "ann@example.com"])).code).toBe(0);
    await expect(line.imap("ann@example.com", async () => {}, "another horse!")).rejects.toThrow();
    expect((await line.eider(["user", "enable", "ann@example.com"])).code).toBe(0);
    await line.imap("ann@example.com", async (client) => expect(client.authenticated).toBeTruthy(), "another horse!");

    expect(await line.eider(["user", "delete", "ann@example.com"], { typed: ["no"] })).toMatchObject({ code: 1 });
    expect(await line.eider(["user", "delete", "ann@example.com"], { typed: ["ann@example.com"] })).toMatchObject({
      code: 0,
      out: "Deleted ann@example.com\n",
    });
    expect((await line.eider(["user", "show", "ann@example.com"])).code).toBe(1);
  });

  test("a name without a domain gets the server's", async () => {
    await line.addUser("short");
    expect((await line.eider(["user", "show", "short@localhost", "--json"])).json()).toMatchObject({
      address: "short@localhost",
    });
  });

  test("a second account of the same address is refused", async () => {
    await line.addUser("twice@example.com");
    const again = await line.eider(["user", "add", "twice@example.com", "--password-stdin"], { stdin: goodPassword });
    expect(again).toMatchObject({ code: 1, out: "", err: "eider: The server refused: This username already exists\n" });
  });

  test("passwords come from stdin, a file or a prompt, and a weak one gets a warning, not a refusal", async () => {
    writeFileSync(join(line.cwd(), "secret"), "12345678\n");
    const weak = await line.eider(["user", "add", "weak@example.com", "--password-file", "secret"]);
    expect(weak.code).toBe(0);
    expect(weak.err).toBe("warning: this password is weak: it is among the first that are tried\n");
    await line.imap("weak@example.com", async (client) => expect(client.authenticated).toBeTruthy(), "12345678");

    const differ = await line.eider(["user", "passwd", "weak@example.com"], {
      typed: ["one password", "another password"],
    });
    expect(differ).toMatchObject({ code: 1, err: "eider: The password was not set: the two differ: try again\n" });
    const nowhere = await line.eider(["user", "passwd", "weak@example.com"]);
    expect(nowhere.err).toContain("use --password-stdin or --password-file");
    const both = await line.eider([
      "user",
      "passwd",
      "weak@example.com",
      "--password-stdin",
      "--password-file",
      "secret",
    ]);
    expect(both.code).toBe(2);
  });
});

describe("eider session", () => {
  test("a session is listed and ended", async () => {
    await line.addUser("online@example.com");
    const client = await line.connect("online@example.com");
    const closed = new Promise<void>((resolve) => client.once("close", resolve));
    const [session] = (await line.eider(["session", "list", "online@example.com", "--json"])).json<
      { id: string; protocol: string; secure: boolean }[]
    >();
    expect(session).toMatchObject({ protocol: "imap", secure: false, remote: "127.0.0.1" });
    expect((await line.eider(["session", "list"])).out).toContain(session!.id);
    expect(await line.eider(["session", "end", session!.id])).toMatchObject({ code: 0, out: `Ended ${session!.id}\n` });
    await closed;
    expect(await line.eider(["session", "end", session!.id])).toMatchObject({
      code: 1,
      err: "eider: The server refused: This session does not exist\n",
    });
  });
});
