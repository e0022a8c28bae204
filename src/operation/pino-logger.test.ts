import { expect, test } from "bun:test";
import { PinoLogger } from "./pino-logger.ts";

function scene(options: { readable?: boolean } = {}) {
  const lines: string[] = [];
  const output = { write: (line: string) => void lines.push(line) };
  const logger = PinoLogger.create({ level: "info", readable: options.readable ?? false, output });
  return { logger, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

test("a line has level, time, text and the fields of all its parents", () => {
  const { logger, last } = scene();
  logger
    .child({ session: "sess_1", user: "alice" })
    .child({ protocol: "imap" })
    .info({ remote: "10.0.0.1" }, "logged in");
  expect(last()).toMatchObject({
    level: "info",
    session: "sess_1",
    user: "alice",
    protocol: "imap",
    remote: "10.0.0.1",
    msg: "logged in",
  });
  expect(Date.parse(last().time as string)).not.toBeNaN();
});

test("passwords and tokens are never written, one level down neither", () => {
  for (const readable of [false, true]) {
    const { logger, lines } = scene({ readable });
    logger
      .child({ token: "hunter2" })
      .error({ password: "hunter2", options: { password: "hunter2", secret: "hunter2" } }, "refused");
    expect(lines.join("")).toContain("refused");
    expect(lines.join("")).not.toContain("hunter2");
  }
});

test("text from the network cannot begin a line of its own or speak to the terminal", () => {
  for (const readable of [false, true]) {
    const { logger, lines } = scene({ readable });
    logger.info({ user: "a\n[00:00] INFO: b\u001b[2J" }, "c\r\n[00:00] INFO: d\u001b[2J\u009b2J");
    const written = lines.join("");
    expect(written.trimEnd().split("\n")).toHaveLength(1);
    expect(written.includes("\u001b[2J") || written.includes("\u009b")).toBe(false);
  }
});

test("the level counts for children made before it changed", () => {
  const { logger, lines } = scene();
  const child = logger.child({ session: "sess_1" });
  child.debug({}, "unheard");
  logger.level = "debug";
  child.debug({}, "heard");
  logger.level = "silent";
  child.error({}, "unheard");
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["heard"]);
});

test("an error is written with its message and stack", () => {
  const { logger, last } = scene();
  logger.error({ err: new Error("disk is full") }, "Cannot append");
  expect(last().err).toMatchObject({
    type: "Error",
    message: "disk is full",
    stack: expect.stringContaining("pino-logger.test"),
  });
});
