/** A server under measurement: a process (or several) of its own, on this machine. Adapters know how; workloads only see this. */
export interface BenchServer {
  readonly name: string;
  /** Version and the settings that decide about speed and safety, one a line. */
  readonly settings: readonly string[];
  readonly ports: { readonly imap: number; readonly imaps: number; readonly lmtp: number };
  /** A user of this name, made where needed. */
  user(name: string): Promise<BenchUser>;
  /** Every process that belongs to the server. */
  pids(): readonly number[];
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
