/** How often a shard looks after its accounts, and when what is behind the log is written. Milliseconds, and counts. */
export type ShardPace = {
  readonly tick: number;
  /** An account that has not changed for so long gets the records of its messages written. */
  readonly quiet: number;
  /** So many entries without a snapshot are enough for one, once the account is quiet. */
  readonly entriesPerSnapshot: number;
  /** So many messages without a record, or entries without a snapshot, do not wait for quiet. */
  readonly mostUnrecorded: number;
  readonly mostEntriesToReplay: number;
  /** How often the log's heads are asked for: in any case, and with the hints away. */
  readonly poll: number;
  readonly pollWithoutHints: number;
  /** Entries that must be able to go before a base is made. */
  readonly entriesPerBase: number;
};

export const usualPace: ShardPace = {
  tick: 500,
  quiet: 1500,
  entriesPerSnapshot: 500,
  mostUnrecorded: 20_000,
  mostEntriesToReplay: 10_000,
  poll: 5000,
  pollWithoutHints: 1000,
  entriesPerBase: 500,
};
