import { closeSync, lstatSync, readFileSync } from "node:fs";
import { CommandFailure } from "../failure.ts";
import { HeldDirectory, type OpenFile, openRegularFile, PassedOver, reasonOf, textOf } from "./held-directory.ts";
import { largestMessage, type MailFolder, type MailFound, noFlags, withMailLineBreaks } from "./mail-file.ts";

/** Files that are one message each, or directories with such files (`*.eml`). Dated by the topmost Received field, else Date, else the file. */
export function readEml(path: string): MailFolder {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) throw new CommandFailure(`Cannot import ${path}`, "there is no such file");
  const folder = { source: path, path: [] };
  if (!stat.isDirectory()) {
    return {
      ...folder,
      count: 1,
      async *messages() {
        yield read(path, () => openRegularFile(path));
      },
    };
  }
  const held = HeldDirectory.open(path);
  const names = held.names().sort(Buffer.compare);
  held.close();
  return {
    ...folder,
    count: names.length,
    async *messages(): AsyncGenerator<MailFound> {
      const directory = HeldDirectory.open(path);
      try {
        for (const name of names) {
          const source = `${path}/${textOf(name)}`;
          const mail = /\.eml$/i.test(textOf(name)) || directory.look(name)?.kind !== "file";
          if (mail) yield read(source, () => directory.file(name));
          else yield { kind: "omitted", source, why: "its name does not end in .eml" };
        }
      } finally {
        directory.close();
      }
    },
  };
}

function read(source: string, open: () => OpenFile): MailFound {
  let file: OpenFile | null = null;
  try {
    file = open();
    if (file.stat.size > largestMessage) throw new PassedOver("it is larger than 1G");
    const bytes = withMailLineBreaks(readFileSync(file.fd));
    const date = dateOfHeader(bytes) ?? file.stat.mtime;
    return { kind: "message", source, message: { bytes, date, flags: noFlags, keywords: [] } };
  } catch (error) {
    return { kind: "passedOver", source, why: reasonOf(error) };
  } finally {
    if (file) closeSync(file.fd);
  }
}

/** When a message arrived, by its own word; null where it has none that can be understood. */
export function dateOfHeader(bytes: Uint8Array): Date | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256 * 1024)).toString("latin1");
  const header = start.split(/\r?\n\r?\n/, 1)[0]!.replace(/\r?\n[ \t]+/g, " ");
  const received = /^Received:.*;([^;]+)$/im.exec(header)?.[1];
  const sent = /^Date:(.+)$/im.exec(header)?.[1];
  for (const written of [received, sent]) {
    // A comment such as (CEST) is no part of the date.
    const date = new Date((written ?? "").replace(/\([^)]*\)/g, "").trim());
    if (!Number.isNaN(date.getTime())) return date;
  }
  return null;
}
