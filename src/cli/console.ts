import { writeSync } from "node:fs";

/** What a command talks to: the terminal or pipe it was started from. A value, so that tests can be at the other end. */
export type Console = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void; readonly isTTY: boolean };
  /** What was piped in, whole. */
  readStdin(): Promise<string>;
  /** Asks on the terminal without showing the answer; null where there is no terminal. */
  askSecret(prompt: string): Promise<string | null>;
  /** Asks on the terminal; null where there is none. */
  ask(prompt: string): Promise<string | null>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
};

/** The real one. */
export function systemConsole(): Console {
  return {
    out: { write: (text) => writeWhole(1, text) },
    err: { write: (text) => writeWhole(2, text), isTTY: process.stderr.isTTY === true },
    readStdin: () => Bun.stdin.text(),
    askSecret: (prompt) => askOnTerminal(prompt, { echo: false }),
    ask: (prompt) => askOnTerminal(prompt, { echo: true }),
    env: process.env,
    cwd: process.cwd(),
  };
}

/** Returns when all of it has been taken: what `process.stdout` still holds is lost when the process exits. */
function writeWhole(descriptor: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") Bun.sleepSync(5);
      // Nobody listens any more: `eider user list | head`.
      else if (code === "EPIPE") process.exit(1);
      else throw error;
    }
  }
}

function askOnTerminal(prompt: string, { echo }: { echo: boolean }): Promise<string | null> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return Promise.resolve(null);
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve) => {
    let typed = "";
    const finish = (answer: string | null) => {
      stdin.off("data", heard);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      resolve(answer);
    };
    const heard = (keys: string) => {
      for (const key of keys) {
        if (key === "\r" || key === "\n") return finish(typed);
        if (key === "\u0003" || key === "\u0004") return finish(null);
        if (key === "\u007f" || key === "\b") {
          if (echo && typed !== "") stderr.write("\b \b");
          typed = [...typed].slice(0, -1).join("");
        } else if (key >= " ") {
          if (echo) stderr.write(key);
          typed += key;
        }
      }
    };
    stdin.on("data", heard);
  });
}
