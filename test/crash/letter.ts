import { createHash } from "node:crypto";
import type { Random } from "./random.ts";

/** A message that says its name, and the name of its bytes. */
export type Letter = { readonly name: string; readonly text: string; readonly hash: string };

/** From one page of the store to several; now and then one that does not ride in the log but becomes blobs. */
export function letter(name: string, random: Random): Letter {
  const size = random.chance(0.04) ? random.between(140_000, 300_000) : random.between(40, 7_000);
  const line = `${name} ${random.next()} `.repeat(4).slice(0, 70);
  const body = `${line}\r\n`.repeat(Math.ceil(size / 72));
  const text = `From: a@example.org\r\nSubject: ${name}\r\nMessage-ID: <${name}@example.org>\r\n\r\n${body}`;
  return { name, text, hash: sha256(text) };
}

/** SHA-256 of octets kept as Latin-1 characters. */
export function sha256(octets: string): string {
  return createHash("sha256").update(Buffer.from(octets, "latin1")).digest("hex");
}

/** The name of a message by its text. */
export function nameOf(text: string): string {
  return /^Subject: (.*)\r$/m.exec(text)?.[1] ?? "(without a subject)";
}
