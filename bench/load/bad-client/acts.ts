import * as http from "./http-acts.ts";
import * as imap from "./imap-acts.ts";
import type { BadScene } from "./scene.ts";

/** What one client can do to the others: each act with the words it is shown under. */
export const acts = {
  parameterNames: { what: "queries of names, 16 kB, no token", run: http.parameterNames },
  formNames: { what: "forms of names, 196 kB, no token", run: http.formNames },
  smallObjects: { what: "JSON of 10,000,000 small objects", run: http.smallObjects },
  composedHeaders: { what: "composed headers full of blanks", run: http.composedHeaders },
  repeatedFields: { what: "a field 100,000 times in one message, listed", run: http.repeatedFields },
  largeText: { what: "40 MB of text written and read as JSON", run: http.largeText },
  unreadDownloads: { what: "1,000 unread downloads of 5 MB", run: http.unreadDownloads },
  slowUploads: { what: "1,010 uploads of an octet a second", run: http.slowUploads },
  wrongTokens: { what: "wrong tokens", run: http.wrongTokens },
  listPatterns: { what: "LIST with 8,000 wildcards", run: imap.listPatterns },
  headerSections: { what: "FETCH of 1,500 header sections", run: imap.headerSections },
  copiesOfItself: { what: "COPY 1:* into itself", run: imap.copiesOfItself },
  silentConnections: { what: "10,050 silent connections", run: imap.silentConnections },
  wrongPasswords: { what: "wrong passwords on 20 connections", run: imap.wrongPasswords },
} as const satisfies Record<string, { what: string; run(scene: BadScene): Promise<void> }>;

export type Act = keyof typeof acts;
