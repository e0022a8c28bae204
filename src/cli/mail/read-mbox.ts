import { closeSync } from "node:fs";
import { basename } from "node:path";
import { CommandFailure } from "../failure.ts";
import { FileWindow } from "./file-window.ts";
import { openRegularFile, PassedOver } from "./held-directory.ts";
import { largestMessage, type MailFolder, type MailFound, noFlags, withMailLineBreaks } from "./mail-file.ts";
import { entriesOf, type MboxEntry } from "./mbox-entries.ts";
import { readFields } from "./mbox-fields.ts";
import { detectMbox, type MboxFormat, type MboxReading, readingAs, unquoted } from "./mbox-format.ts";
import { dateOfSeparator } from "./mbox-separator.ts";
import { dateOfHeader } from "./read-eml.ts";

/** An mbox file, which is one folder. Which kind of mbox it is shows in it, unless `format` says so. */
export function readMbox(path: string, format: MboxFormat | "auto" = "auto"): MailFolder {
  closeSync(openMbox(path).fd);
  return {
    source: path,
    path: [],
    count: null,
    async *messages(): AsyncGenerator<MailFound> {
      const { fd, stat } = openMbox(path);
      try {
        let none = true;
        for (const found of messagesOf(FileWindow.ofFile(fd, stat.size), basename(path), format)) {
          none = false;
          yield found;
        }
        if (none && stat.size > 0) {
          const why = "it is no mbox, for it does not begin with a line `From …` (a single message: import … eml)";
          yield { kind: "passedOver", source: path, why };
        }
      } finally {
        closeSync(fd);
      }
    },
  };
}

/** The messages of an mbox, one held at a time. `name` is what they are called by. */
export function* messagesOf(
  file: FileWindow,
  name: string,
  format: MboxFormat | "auto" = "auto",
): Generator<MailFound> {
  const reading = format === "auto" ? detectMbox(file) : readingAs(format);
  let number = 0;
  for (const entry of entriesOf(file, reading.lengths)) {
    number += 1;
    yield messageOf(file, entry, reading, `${name}, message ${number}`, number === 1);
  }
}

function messageOf(
  file: FileWindow,
  entry: MboxEntry,
  reading: MboxReading,
  source: string,
  first: boolean,
): MailFound {
  if (entry.to - entry.from > largestMessage) return { kind: "passedOver", source, why: "it is larger than 1G" };
  // Where only some have a length, it is of a writer that quotes nothing, and the others came from a delivery agent.
  const format = entry.byLength && reading.lengths === "check" ? "mboxcl2" : reading.format;
  const found = unquoted(file.copy(entry.from, entry.to), format);
  const asFound = withMailLineBreaks(found);
  const date = dateOfSeparator(entry.separator) ?? dateOfHeader(found) ?? new Date(0);
  if (reading.own) return { kind: "message", source, message: { bytes: asFound, date, flags: noFlags, keywords: [] } };
  const { bytes, omitted, ...marks } = readFields(found, { first });
  if (omitted !== null) return { kind: "omitted", source, why: omitted };
  const message = { bytes: asFound, date, ...marks };
  if (bytes === found) return { kind: "message", source, message };
  return { kind: "message", source, message: { ...message, bytes: withMailLineBreaks(bytes), asFound } };
}

function openMbox(path: string): ReturnType<typeof openRegularFile> {
  try {
    return openRegularFile(path);
  } catch (error) {
    if (!(error instanceof PassedOver) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CommandFailure(`Cannot import ${path}`, missing ? "there is no such file" : (error as Error).message);
  }
}
