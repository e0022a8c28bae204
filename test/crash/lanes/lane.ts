import type { Random } from "../random.ts";

/** Where a node listens. */
export type Ports = { readonly imap: number; readonly pop3: number; readonly lmtp: number; readonly http: number };

/** When a lane is to come to an end: after the command under way. */
export type Burst = { over: boolean };

/** One client of the load. It does one thing after the other, and records each before it begins and when it is answered. */
export interface Lane {
  /** Connects where it is not connected, then works until the burst is over or something is in doubt. */
  work(ports: Ports, burst: Burst): Promise<void>;
  /** Lets go of its connection. */
  leave(): void;
}

/** What a lane gets to work with; `fault` takes what should never be seen. */
export type LaneAround = {
  readonly random: Random;
  readonly user: CrashUser;
  readonly name: string;
  readonly token: string;
  /** Where in the order of things an answer came, for who wants to know what was acknowledged when. */
  readonly position?: () => number;
  fault(text: string): void;
};
export type CrashUser = { readonly id: string; readonly name: string; readonly address: string };

/** How long an answer may take: an append waits 8 s for a store that is away. */
export const patience = 20_000;

/** The server said, or showed by ending the connection, that it could not: what was asked for may have happened. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}
