import { bareAppends, bareSqliteAppends } from "../load/bare-appends.ts";
import { deliveredSize, deliveryRate } from "../load/delivery-rate.ts";
import { type Values, workload } from "../workload.ts";

/**
 * Many accounts at once, one connection for each. What is set beside it is what the disk allows: the same number of
 * messages of the same size, as many in each group as there are connections, appended to a file and synced, by a loop that does nothing else.
 */
export const deliverMany = workload({
  name: "deliver-many",
  title: "Deliveries of 4 kB to {accounts} accounts, 1 connection each",
  sizes: {
    accounts: { full: 100, quick: 20, slow: 20 },
    each: { full: 200, quick: 20, slow: 4 },
  },
  figures: {
    rate: { what: "deliveries", unit: "/s", better: "more", aim: { dovecot: 5 } },
    append: { what: "bare loop: a group of appends, one fdatasync", unit: "/s", better: "more" },
    sqlite: { what: "bare loop: the same in SQLite, WAL and FULL", unit: "/s", better: "more" },
    ofAppend: { what: "deliveries for each append of the bare loop", unit: "", better: "more", aim: { value: 0.5 } },
    ofSqlite: { what: "deliveries for each row of the bare SQLite loop", unit: "", better: "more" },
  },
  async prepare({ server, sizes }) {
    await deliveryRate(server, accounts(sizes.accounts), 1, Math.ceil(sizes.each / 2));
  },
  async run({ server, sizes }): Promise<Values> {
    const rate = await deliveryRate(server, accounts(sizes.accounts), 1, sizes.each);
    // The bare loops are no server's; they run beside Eider's turn, so that they see the same minute of the disk.
    if (server.name !== "eider") return { rate };
    const append = bareAppends({ size: deliveredSize, group: sizes.accounts });
    const sqlite = bareSqliteAppends({ size: deliveredSize, group: sizes.accounts });
    return { rate, append, sqlite, ofAppend: rate / append, ofSqlite: rate / sqlite };
  },
});

const accounts = (count: number) => Array.from({ length: count }, (_, at) => `many${at}`);
