import { deliveryRate } from "../load/delivery-rate.ts";
import { workload } from "../workload.ts";

/** Deliveries a second of 4 kB over LMTP, each round into mailboxes of its own. */
export const deliver = workload({
  name: "deliver",
  title: "LMTP deliveries of 4 kB",
  sizes: {
    warm: { full: 4000, quick: 300, slow: 30 },
    one: { full: 1000, quick: 100, slow: 60 },
    ten: { full: 4000, quick: 300, slow: 120 },
    fifty: { full: 6000, quick: 500, slow: 200 },
    users: { full: 10, quick: 10 },
    each: { full: 600, quick: 30, slow: 15 },
  },
  figures: {
    one: { what: "1 connection, one mailbox", unit: "/s", better: "more", aim: { dovecot: 2 } },
    ten: { what: "10 connections, one mailbox", unit: "/s", better: "more", aim: { dovecot: 3.5 } },
    fifty: { what: "50 connections, one mailbox", unit: "/s", better: "more", aim: { dovecot: 4 } },
    spread: { what: "{users} users, 5 connections each", unit: "/s", better: "more", aim: { dovecot: 3 } },
  },
  async prepare({ server, sizes }) {
    // A server that has been up for a while: code compiled, caches filled, processes forked.
    await deliveryRate(server, ["warm"], 10, sizes.warm);
  },
  async run({ server, round, sizes }) {
    const users = Array.from({ length: sizes.users }, (_, at) => `spread${round}-${at}`);
    return {
      one: await deliveryRate(server, [`one${round}`], 1, sizes.one),
      ten: await deliveryRate(server, [`ten${round}`], 10, sizes.ten),
      fifty: await deliveryRate(server, [`fifty${round}`], 50, sizes.fifty),
      spread: await deliveryRate(server, users, 5, sizes.each),
    };
  },
});
