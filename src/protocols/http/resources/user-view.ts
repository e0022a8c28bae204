import { z } from "zod";
import type { User } from "../user.ts";

const quota = z.object({ allowed: z.number(), used: z.number() });
const rate = z.object({ allowed: z.number(), used: z.number(), ttl: z.number() });

/** A user in a list. */
export const userListing = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  address: z.string(),
  tags: z.array(z.string()),
  targets: z.array(z.string()),
  enabled2fa: z.array(z.string()),
  autoreply: z.boolean(),
  encryptMessages: z.boolean(),
  encryptForwarded: z.boolean(),
  quota: quota,
  metaData: z.unknown().optional(),
  internalData: z.unknown().optional(),
  hasPasswordSet: z.boolean(),
  activated: z.boolean(),
  disabled: z.boolean(),
  suspended: z.boolean(),
});

/** A user in full. */
export const userDetails = z.object({
  ...userListing.omit({ quota: true }).shape,
  language: z.string(),
  retention: z.number(),
  created: z.string(),
  lastPasswordChange: z.string(),
  pubKey: z.string(),
  keyInfo: z.literal(false),
  smimeCerts: z.array(z.string()),
  smimeCipher: z.string(),
  smimeKeyTransport: z.string(),
  smimeCertInfo: z.array(z.unknown()),
  metaData: z.unknown(),
  internalData: z.unknown(),
  mtaRelay: z.string(),
  spamLevel: z.number(),
  limits: z.object({
    quota,
    recipients: rate,
    filters: z.object({ allowed: z.number(), used: z.number() }),
    forwards: rate,
    received: rate,
    imapUpload: rate,
    imapDownload: rate,
    pop3Download: rate,
    imapMaxConnections: z.object({ allowed: z.number(), used: z.number() }),
  }),
  fromWhitelist: z.array(z.string()),
  disabledScopes: z.array(z.string()),
  passwordPwned: z.boolean(),
  require2faEnabled: z.boolean(),
  requirePasswordChange: z.boolean(),
});

/** `used`: bytes of mail the user has. */
export function listingOf(user: User, used: number, show: { metaData?: boolean; internalData?: boolean }) {
  return {
    ...commonOf(user),
    quota: { allowed: user.quota, used },
    ...(show.metaData ? { metaData: user.metaData ?? {} } : {}),
    ...(show.internalData ? { internalData: user.internalData ?? {} } : {}),
  };
}

/** `internalData` is for administrators only. */
export function detailsOf(user: User, used: number, internalData: boolean) {
  const setting = settingsOf(user);
  // What was set is shown, and nothing as used: none of these is counted by user where it could be read at once.
  const counted = (name: string) => ({ allowed: setting.number(name), used: 0, ttl: 0 });
  return {
    ...commonOf(user),
    language: user.language,
    retention: user.retention,
    created: new Date(user.created).toISOString(),
    lastPasswordChange: new Date(user.passwordChange).toISOString(),
    pubKey: setting.text("pubKey"),
    keyInfo: false as const,
    smimeCerts: setting.texts("smimeCerts"),
    smimeCipher: setting.text("smimeCipher") || "AES-CBC",
    smimeKeyTransport: setting.text("smimeKeyTransport") || "PKCS#1 v1.5",
    smimeCertInfo: [],
    metaData: user.metaData ?? {},
    internalData: internalData ? (user.internalData ?? {}) : {},
    mtaRelay: setting.text("mtaRelay"),
    spamLevel: user.spamLevel,
    limits: {
      quota: { allowed: user.quota, used },
      recipients: counted("recipients"),
      filters: { allowed: setting.number("filters"), used: 0 },
      forwards: counted("forwards"),
      received: counted("receivedMax"),
      imapUpload: counted("imapMaxUpload"),
      imapDownload: counted("imapMaxDownload"),
      pop3Download: counted("pop3MaxDownload"),
      imapMaxConnections: { allowed: user.imapMaxConnections, used: 0 },
    },
    fromWhitelist: setting.texts("fromWhitelist"),
    disabledScopes: [...user.disabledScopes],
    passwordPwned: false,
    require2faEnabled: setting.flag("require2faEnabled"),
    requirePasswordChange: setting.flag("requirePasswordChange"),
  };
}

function commonOf(user: User) {
  const setting = settingsOf(user);
  return {
    id: user.id as string,
    username: user.username,
    name: user.name,
    address: user.address,
    tags: [...user.tags],
    targets: setting.texts("targets"),
    enabled2fa: [],
    autoreply: false,
    encryptMessages: setting.flag("encryptMessages"),
    encryptForwarded: setting.flag("encryptForwarded"),
    hasPasswordSet: user.hasPassword,
    activated: true, // a user exists only with its account open
    disabled: user.disabled,
    suspended: user.suspended,
  };
}

/** Settings are kept as they came, also by older versions: each is read with care. */
function settingsOf(user: User) {
  const of = (name: string) => user.settings[name];
  return {
    text: (name: string) => (typeof of(name) === "string" ? (of(name) as string) : ""),
    number: (name: string) => (typeof of(name) === "number" ? (of(name) as number) : 0),
    flag: (name: string) => of(name) === true,
    texts: (name: string) =>
      Array.isArray(of(name)) ? (of(name) as unknown[]).filter((item) => typeof item === "string") : [],
  };
}
