/** What a bad client is told: where the server is, whom it may be, and until when it goes on. Plain data: it crosses to a process. */
export type BadScene = {
  readonly ports: { readonly imap: number; readonly lmtp: number; readonly http: number };
  readonly user: { readonly login: string; readonly password: string; readonly address: string };
  /** Of the user's own over HTTP: its id, its INBOX's, and a token that is allowed everything of its own. */
  readonly account: string;
  readonly inbox: string;
  readonly token: string;
  /** For how long the act goes on, milliseconds. */
  readonly lasts: number;
};

/** Where bad clients come from: not the address of those whose waiting is measured. */
export const badAddress = "127.0.0.66";
