import { z } from "zod";
import type { StandardPaths } from "../../../actors/directory/requests.ts";
import { badInput } from "../failure.ts";
import { flag, freeObject, integer, text, texts } from "../input/fields.ts";
import type { UserChange } from "../user.ts";

/** Bytes a day and the like: 0 is no limit. */
const limit = integer(0).optional();
const scope = z.enum(["imap", "pop3", "smtp"], "must be one of [imap, pop3, smtp]");

/** A password, or false or "" for none. */
export const password = z.preprocess(
  (value) => (value === "" || value === "false" ? false : value),
  z.union([z.literal(false), text(1024).min(1)], "must be a string or false"),
);

/** What may be set of a user, when it is made and later. */
export const settableFields = {
  hashedPassword: flag.default(false),
  // Taken for compatibility: Eider asks no outside service about passwords.
  allowUnsafe: flag.default(true),
  language: text(20).toLowerCase().optional(),
  name: text(256).optional(),
  retention: limit,
  quota: limit,
  spamLevel: integer(0, 100).optional(),
  imapMaxConnections: limit,
  tags: texts(text(128).trim().min(1), 1000).optional(),
  disabledScopes: z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(scope)).optional(),
  metaData: freeObject.optional(),
  internalData: freeObject.optional(),
  targets: texts(text(1024).trim().min(1), 1000).optional(),
  mtaRelay: text(1024).optional(),
  recipients: limit,
  forwards: limit,
  filters: limit,
  requirePasswordChange: flag.optional(),
  require2faEnabled: flag.optional(),
  imapMaxUpload: limit,
  imapMaxDownload: limit,
  pop3MaxDownload: limit,
  pop3MaxMessages: limit,
  receivedMax: limit,
  fromWhitelist: texts(text(255).trim().min(1), 1000).optional(),
  uploadSentMessages: flag.optional(),
  pubKey: text(256 * 1024).optional(),
  smimeCerts: texts(text(64 * 1024), 16).optional(),
  smimeCipher: z.enum(["AES-CBC", "AES-GCM"]).optional(),
  smimeKeyTransport: z.enum(["PKCS#1 v1.5", "OAEP"]).optional(),
  encryptMessages: flag.optional(),
  encryptForwarded: flag.optional(),
  featureFlags: z.object({ indexing: flag.optional() }).optional(),
};

export const standardPaths: z.ZodType<StandardPaths> = z.object({
  sent: text(512).optional(),
  trash: text(512).optional(),
  junk: text(512).optional(),
  drafts: text(512).optional(),
});

const columns = [
  "language",
  "name",
  "retention",
  "quota",
  "spamLevel",
  "imapMaxConnections",
  "tags",
  "disabledScopes",
  "metaData",
  "internalData",
  "disabled",
  "suspended",
] as const satisfies readonly (keyof UserChange)[];

/** What is kept as it came, under `settings`. */
const kept = [
  "targets",
  "mtaRelay",
  "recipients",
  "forwards",
  "filters",
  "requirePasswordChange",
  "require2faEnabled",
  "imapMaxUpload",
  "imapMaxDownload",
  "pop3MaxDownload",
  "pop3MaxMessages",
  "receivedMax",
  "fromWhitelist",
  "uploadSentMessages",
  "pubKey",
  "smimeCerts",
  "smimeCipher",
  "smimeKeyTransport",
  "encryptMessages",
  "encryptForwarded",
  "featureFlags",
] as const;

type Settable = Readonly<Record<string, unknown>>;

/**
 * The change of a user that these parameters ask for.
 *
 * @throws HttpFailure for encryption: mail that is to be encrypted must not be stored in clear text without a word
 */
export function changeFrom(params: Settable): UserChange {
  for (const name of ["encryptMessages", "encryptForwarded"]) {
    if (params[name] === true) throw badInput(name, "cannot be true: this version does not encrypt messages");
  }
  const change: Record<string, unknown> = {};
  for (const name of columns) if (params[name] !== undefined) change[name] = params[name];
  const settings: Record<string, unknown> = {};
  for (const name of kept) if (params[name] !== undefined) settings[name] = params[name];
  if (Object.keys(settings).length > 0) change.settings = settings;
  return change as UserChange;
}
