import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MailFolder } from "./mail-file.ts";
import { readMaildir } from "./read-maildir.ts";

/** Makes directories and files; a key that ends in a slash is a directory with cur, new and tmp. */
export function make(at: string, tree: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(tree)) {
    const target = join(at, path);
    if (path.endsWith("/"))
      for (const part of ["cur", "new", "tmp"]) mkdirSync(join(target, part), { recursive: true });
    else {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }
}
/** What a maildir gives, in words: its folders with their messages, and what was passed over. */
export async function everything(root: string) {
  const source = readMaildir(root);
  const found = [];
  for (const folder of source.folders) {
    for await (const each of folder.messages()) {
      found.push(
        `${folder.path.join("/") || "INBOX"}: ${each.kind === "message" ? Buffer.from(each.message.bytes).toString().trim() : `${each.kind} ${each.source.slice(root.length + 1)}: ${each.why}`}`,
      );
    }
  }
  return { found, passedOver: source.passedOver.map((left) => `${left.source.slice(root.length + 1)}: ${left.why}`) };
}

export async function messages(folder: MailFolder | undefined) {
  const found = [];
  for await (const each of folder!.messages()) if (each.kind === "message") found.push(each.message);
  return found;
}
