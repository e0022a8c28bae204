import type { SpecialUse } from "../../domain/account/events.ts";
import type { StandardPaths } from "./requests.ts";

/** What a user is of which no more is said. */
export const defaults = {
  name: "",
  disabled: false,
  suspended: false,
  language: "",
  retention: 0,
  tags: [],
  disabledScopes: [],
  metaData: null,
  internalData: null,
  spamLevel: 50,
  imapMaxConnections: 0,
  settings: {},
} as const;

/** INBOX and the names WildDuck gives to the rest. */
export function standardMailboxes(paths: StandardPaths = {}): { path: string; specialUse: SpecialUse | null }[] {
  return [
    { path: "INBOX", specialUse: null },
    { path: paths.drafts ?? "Drafts", specialUse: "\\Drafts" },
    { path: paths.junk ?? "Junk", specialUse: "\\Junk" },
    { path: paths.sent ?? "Sent Mail", specialUse: "\\Sent" },
    { path: paths.trash ?? "Trash", specialUse: "\\Trash" },
  ];
}
