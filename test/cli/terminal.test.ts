import { afterEach, beforeEach, expect } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { needs } from "../clients/needs.ts";
import { portVariables } from "./command-line.ts";

/** `eider start` at a terminal of its own, which `script` makes. */
const main = resolve(import.meta.dir, "../../src/cli/main.ts");
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "eider-terminal-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

needs("script")(
  "a server whose terminal is closed says goodbye and ends, though nobody reads its log any more",
  async () => {
    const anyPorts = Object.fromEntries(portVariables.map((name) => [name, "0"]));
    // The fourth pipe closes when the last process that has inherited it has ended.
    const terminal = spawn("script", ["-qec", `${process.execPath} ${main} start`, "/dev/null"], {
      cwd,
      env: { ...process.env, ...anyPorts },
      stdio: ["pipe", "pipe", "ignore", "pipe"],
    });
    const ended = new Promise<void>((done) => (terminal.stdio[3] as Readable).on("close", done).resume());
    let shown = "";
    await new Promise<void>((seen) =>
      terminal.stdout!.on("data", (bytes: Buffer) => {
        shown += bytes.toString();
        if (shown.includes("telnet://")) seen();
      }),
    );
    expect(shown).toMatch(/Eider \d/);
    const client = connect(Number(/IMAP +127\.0\.0\.1:(\d+)/.exec(shown)![1]), "127.0.0.1");
    let heard = "";
    const greeted = new Promise<void>((greeting) =>
      client.on("data", (bytes: Buffer) => {
        heard += bytes.toString();
        greeting();
      }),
    );
    await greeted;
    const closed = new Promise<void>((done) => client.on("close", () => done()));
    terminal.kill("SIGKILL");
    await Promise.all([ended, closed]);
    expect(heard).toContain("\r\n* BYE ");
    client.destroy();
  },
  30_000,
);
