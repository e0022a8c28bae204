import pino from "pino";
import pretty from "pino-pretty";
import type { Logger } from "./logger.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type PinoLoggerOptions = {
  readonly level: LogLevel;
  /** Readable text instead of JSON lines. */
  readonly readable: boolean;
  readonly output: LogOutput;
};
/** Where lines go: standard output, or whatever takes text. */
export type LogOutput = { write(line: string): void };

/**
 * The server's logger. Children share its level, so that SIGHUP reaches them all, and are no more than their fields,
 * so that every connection can have one.
 */
export class PinoLogger implements Logger {
  readonly #root: pino.Logger;
  readonly #fields: object;

  private constructor(root: pino.Logger, fields: object) {
    this.#root = root;
    this.#fields = fields;
  }

  static create({ level, readable, output: to }: PinoLoggerOptions): PinoLogger {
    const output: LogOutput = { write: (line) => to.write(line.replace(unescaped, escaped)) };
    const stream = readable ? readableLines(output) : output;
    const options: pino.LoggerOptions = {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: { paths: secretPaths, censor: "***" },
    };
    return new PinoLogger(pino(options, stream), {});
  }

  get level(): LogLevel {
    return this.#root.level as LogLevel;
  }
  set level(level: LogLevel) {
    this.#root.level = level;
  }

  debug(fields: object, text: string): void {
    if (this.#root.isLevelEnabled("debug")) this.#root.debug(this.#with(fields), oneLine(text));
  }
  info(fields: object, text: string): void {
    if (this.#root.isLevelEnabled("info")) this.#root.info(this.#with(fields), oneLine(text));
  }
  warn(fields: object, text: string): void {
    if (this.#root.isLevelEnabled("warn")) this.#root.warn(this.#with(fields), oneLine(text));
  }
  error(fields: object, text: string): void {
    if (this.#root.isLevelEnabled("error")) this.#root.error(this.#with(fields), oneLine(text));
  }
  child(fields: object): Logger {
    return new PinoLogger(this.#root, this.#with(fields));
  }

  #with(fields: object): object {
    return { ...this.#fields, ...fields };
  }
}

/**
 * Standard output as the log wants it: never blocks the thread on a slow reader, keeps at most 16 MiB for it, and is
 * flushed when the process exits.
 */
export function standardOutput(): LogOutput {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: 16 * 1024 * 1024 });
  let gone = false;
  // A terminal that was closed: the flush at exit would try for ever to write what is left.
  destination.on("error", () => {
    gone = true;
    destination.destroy();
  });
  return {
    write(line) {
      if (!gone) destination.write(line);
    },
  };
}

const secrets = ["password", "pass", "token", "accessToken", "secret", "authorization", "key", "passwordHash"];
// One level down as well: options and answers of other parts are logged as objects.
const secretPaths = secrets.flatMap((name) => [name, `*.${name}`]);

// Text from the network may stand in a log line; it must not begin another one or speak to the terminal.
const control = /[\p{Cc}\u2028\u2029]/gu;
function oneLine(text: string): string {
  return text.replace(control, escaped);
}
// The same in fields, as far as JSON leaves it as it is: DEL, C1 controls (terminals obey some), line separators.
const unescaped = /[\u007f-\u009f\u2028\u2029]/g;
function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Turns JSON lines into text at once: pino-pretty's own stream would lose the last ones when the process exits. */
function readableLines(output: LogOutput): LogOutput {
  const format = pretty.prettyFactory({ singleLine: true, ignore: "pid,hostname" });
  return { write: (line) => output.write(format(line)) };
}
