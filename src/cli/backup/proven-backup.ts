import { type Checked, checkBackup } from "../../backup/check-backup.ts";
import type { AccountLine, Manifest } from "../../backup/manifest.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Console } from "../console.ts";
import { CommandFailure } from "../failure.ts";
import { Progress } from "../progress.ts";

/**
 * Reads all that a restore needs before any of it is brought back. Names what is damaged; answers the accounts to
 * leave out, or throws where that was not asked for.
 */
export function provenBackup(
  root: string,
  manifest: Manifest,
  chosen: (line: AccountLine) => boolean,
  options: { readonly skipDamaged?: boolean },
  console: Console,
): Checked & { readonly leftOut: ReadonlySet<AccountId> } {
  const progress = new Progress({ out: console.err, unit: "accounts read", total: manifest.accounts });
  const checked = checkBackup(root, manifest, chosen, () => progress.advance());
  progress.end();
  const { damages } = checked;
  for (const { address, text } of damages) console.err.write(`damaged: ${address || "server"}: ${text}\n`);
  if (damages.length > 0 && !options.skipDamaged) {
    throw new CommandFailure(
      "Nothing was restored",
      `the backup is damaged in ${damages.length} places (${damages[0]!.text})`,
      "take another copy of it, or leave these accounts out with --skip-damaged",
    );
  }
  return { ...checked, leftOut: new Set(damages.flatMap(({ account }) => account ?? [])) };
}
