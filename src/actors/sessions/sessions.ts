import type { AccountId } from "../../domain/ids.ts";

/** Protocol sessions of all nodes, as an operator sees them; and the limits that hold across nodes. */
export interface Sessions {
  /** Records a session, refreshes it while it lives, and enforces the limit of connections per user. */
  open(session: NewSession): Promise<SessionHandle | { ok: false; why: "tooManyConnections"; limit: number }>;
  list(filter?: { account?: AccountId; limit?: number }): Promise<readonly SessionRecord[]>;
  /** Asks the node that holds the session to end it; false where there is no such session. */
  end(id: string, reason: string): Promise<boolean>;
  /** Ends every session of the account: on this node now, on others as soon as they hear of it. */
  endAll(account: AccountId, reason: string): void;
}

export type SessionProtocol = "imap" | "pop3" | "lmtp" | "http";

export type NewSession = {
  readonly account: AccountId;
  readonly user: string;
  readonly protocol: SessionProtocol;
  readonly remote: string;
  readonly secure: boolean;
  readonly limit: number;
  /**
   * By the monotonic clock, before it was asked whether the user may come in: a session that begins after all of the
   * account's were ended, by a user who was let in before that, is ended too.
   */
  readonly asked: number;
  /** Called when somebody else ends the session. */
  readonly onEnd: (reason: string) => void;
};

export interface SessionHandle {
  readonly ok: true;
  /** sess_ and hex digits. */
  readonly id: string;
  /** What changed: mailbox selected, the client's ID (RFC 2971), encryption, POP3's open marks. Written lazily. */
  update(change: { mailbox?: string | null; client?: string; secure?: boolean; marks?: string }): void;
  close(): void;
}

export type SessionRecord = {
  readonly id: string;
  readonly account: AccountId;
  readonly user: string;
  readonly protocol: SessionProtocol;
  readonly node: string;
  readonly remote: string;
  readonly secure: boolean;
  readonly mailbox: string | null;
  readonly client: string | null;
  /** What a POP3 session would do at its QUIT: "delete 2 of 10: 4:5; seen: 1". Nothing is marked where it is left out. */
  readonly marks?: string;
  /** Milliseconds since 1970. */
  readonly started: number;
};
