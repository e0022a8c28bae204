/** A server under measurement: a process (or several) of its own, on this machine. Adapters know how; workloads only see this. */
export interface BenchServer {
  readonly name: string;
  /** A slow one is given smaller numbers of what has to be done one by one. */
  readonly pace: "usual" | "slow";
  /** Version and the settings that decide about speed and safety, one a line. */
  readonly settings: readonly string[];
  readonly ports: { readonly imap: number; readonly imaps: number; readonly lmtp: number };
  /** A user of this name, made where needed. */
  user(name: string): Promise<BenchUser>;
  /** Every process that belongs to the server; a database that it talks to is not among them. */
  pids(): readonly number[];
  /** Commands sent to the database so far, where something counts them: one for each round trip. */
  roundTrips?(): number;
  /** Puts `count` copies of the messages that are in a user's INBOX beside them, past the front door: where that takes a few a second. */
  multiply?(user: BenchUser, count: number): Promise<void>;
  /** Ends it in an orderly way and starts it again on the same data; resolves as soon as it was started, listening or not. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export type BenchUser = {
  /** As LOGIN takes it. */
  readonly login: string;
  readonly password: string;
  /** As RCPT TO takes it. */
  readonly address: string;
};

export type StartServer = (directory: string) => Promise<BenchServer>;
