import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Console } from "./console.ts";
import { CommandFailure, WrongUsage } from "./failure.ts";

export type PasswordOptions = { readonly passwordStdin?: boolean; readonly passwordFile?: string };

/**
 * A new password, from where the options say or typed twice at a prompt; never an argument, which every user of the
 * machine could read. A line break at its end is not part of it. Warns of a weak one on stderr.
 */
export async function newPassword(options: PasswordOptions, address: string, console: Console): Promise<string> {
  const password = await read(options, address, console);
  if (password === "")
    throw new CommandFailure("No password was given", "it is empty", "give one of 10 characters or more");
  const weakness = weaknessOf(password, address);
  if (weakness !== null) console.err.write(`warning: this password is weak: ${weakness}\n`);
  return password;
}

async function read(
  { passwordStdin, passwordFile }: PasswordOptions,
  address: string,
  console: Console,
): Promise<string> {
  if (passwordStdin && passwordFile !== undefined)
    throw new WrongUsage("--password-stdin and --password-file exclude each other");
  if (passwordStdin) return withoutLineBreak(await console.readStdin());
  if (passwordFile !== undefined) {
    try {
      return withoutLineBreak(readFileSync(resolve(console.cwd, passwordFile), "utf8"));
    } catch (error) {
      throw new CommandFailure("Cannot read the password", (error as Error).message);
    }
  }
  const typed = await console.askSecret(`New password for ${address}: `);
  if (typed === null) {
    throw new CommandFailure(
      "No password was given",
      "there is no terminal to ask on",
      "use --password-stdin or --password-file",
    );
  }
  if (typed !== "" && (await console.askSecret("The same again: ")) !== typed) {
    throw new CommandFailure("The password was not set", "the two differ", "try again");
  }
  return typed;
}

function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** Why somebody could guess the password; null where nothing speaks against it. */
export function weaknessOf(password: string, address: string): string | null {
  const characters = [...password];
  const lower = password.toLowerCase();
  if (common.has(lower)) return "it is among the first that are tried";
  const names = address
    .toLowerCase()
    .split(/[@.+_-]/)
    .filter((part) => part.length > 2);
  const rest = names.reduce((left, name) => left.replaceAll(name, ""), lower);
  if (rest.length < 6 && rest.length < lower.length) return "it is made of the address";
  if (characters.length < 10) return "it has fewer than 10 characters";
  if (new Set(characters).size < 5) return "it repeats a few characters";
  if (isRun(lower)) return "it is a run of neighbouring characters";
  return null;
}

const common = new Set(
  "password passw0rd password1 password123 password1234 passwort1234 123456 12345678 123456789 1234567890 qwerty qwertyuiop qwerty12345 letmein iloveyou admin welcome welcome123 changeme secret secret1234 abc123 monkey dragon".split(
    " ",
  ),
);

function isRun(text: string): boolean {
  const steps = new Set([...text].slice(1).map((char, index) => char.charCodeAt(0) - text.charCodeAt(index)));
  return steps.size === 1;
}
