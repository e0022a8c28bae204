import { accountFor } from "../load/account-for.ts";
import { closedLoop } from "../load/closed-loop.ts";
import { type Offer, type Offered, openLoop } from "../load/open-loop.ts";
import { forgetMostResident, residentSize } from "../load/resident-size.ts";
import { median, percentile } from "../statistics.ts";
import { type Figure, type Values, workload } from "../workload.ts";

const factors = [2, 5, 10] as const;
const size = 4096;
/** Latency is back where nobody is refused and half of the messages take no longer than this many times as usual. */
const usualAgain = 1.5;
const slice = 250;

/**
 * More than the server can carry. First what it can: as many deliveries as 50 connections get done, one after the other on
 * each. Usual is half of that, offered at random moments; then come 2, 5 and 10 times as much as it can, whatever it
 * says to it, each followed by the usual load again. Times are from MAIL to the answer. The load is made on the same
 * processors that the server runs on, so the more is offered, the less is left for answering it.
 */
export const overload = workload({
  name: "overload",
  title: "Deliveries of 4 kB, more than can be carried, to {users} users over {connections} connections",
  sizes: {
    users: { full: 50, quick: 10 },
    connections: { full: 1000, quick: 1000 },
    seconds: { full: 20, quick: 3 },
  },
  only: ["eider"],
  rounds: 1,
  figures: {
    capacity: { what: "capacity, 50 connections", unit: "/s", better: "more" },
    usual50: { what: "half of it: median", unit: "ms", better: "less" },
    usual99: { what: "half of it: 99th percentile", unit: "ms", better: "less" },
    ...Object.fromEntries(factors.flatMap((factor) => Object.entries(figuresAt(factor)))),
    memory: { what: "most resident memory of the server", unit: "MB", better: "less", aim: { value: 1024 } },
    wrong: {
      what: "acknowledged and not there, there twice, or there though refused",
      unit: "",
      better: "less",
      aim: { value: 0 },
    },
  },
  async run({ server, sizes }): Promise<Values> {
    const users = await Promise.all(Array.from({ length: sizes.users }, (_, at) => server.user(`overload${at}`)));
    const addresses = users.map(({ address }) => address);
    const { connections, seconds } = sizes;
    const all: Offer[] = [];
    let first = 1;
    const take = <T extends Offered>(offered: T): T => {
      for (const offer of offered.offers) all.push(offer);
      first += offered.offers.length + offered.unsent;
      return offered;
    };
    const common = { port: server.ports.lmtp, addresses, size, connections };
    const offer = async (rate: number, time: number) => take(await openLoop({ ...common, rate, seconds: time, first }));
    const carry = async (time: number): Promise<number> => {
      const offers = await closedLoop({ ...common, connections: 50, seconds: time, first });
      take({ offers, unsent: 0, begun: 0, ended: 0 });
      return offers.length / time;
    };
    await carry(seconds / 4);
    const capacity = await carry(seconds / 2);
    await Bun.sleep(2000);
    const usual = times((await offer(capacity / 2, seconds / 2)).offers, "accepted");
    const usual50 = median(usual);
    const usual99 = percentile(usual, 0.99);
    const values: Record<string, number> = { capacity, usual50, usual99 };
    const [pid] = server.pids();
    forgetMostResident(pid!);
    for (const factor of factors) {
      const hard = await offer(capacity * factor, seconds);
      const after = await offer(capacity / 2, Math.max(3, seconds / 4));
      Object.assign(values, valuesAt(factor, hard, seconds, { usual50, usual99 }));
      values[`back${factor}`] = backAfter(after, usual50 * usualAgain);
    }
    values.memory = residentSize(pid!).most / 1e6;
    const { missing, twice, unwanted } = await accountFor(server, users, all);
    return { ...values, wrong: missing + twice + unwanted };
  },
});

function figuresAt(factor: number): Record<string, Figure> {
  const at = `${factor} × capacity offered: `;
  return {
    [`accepted${factor}`]: { what: `${at}accepted`, unit: "/s", better: "more" },
    [`refused${factor}`]: { what: `${at}refused`, unit: "/s", better: "less" },
    [`unsent${factor}`]: { what: `${at}no connection was free, not sent`, unit: "/s", better: "less" },
    [`told${factor}`]: { what: `${at}until refused, median`, unit: "ms", better: "less" },
    [`told99${factor}`]: { what: `${at}until refused, 99th percentile`, unit: "ms", better: "less" },
    [`median${factor}`]: { what: `${at}accepted, median`, unit: "ms", better: "less" },
    [`most${factor}`]: { what: `${at}accepted, 99th percentile`, unit: "ms", better: "less" },
    [`longer${factor}`]: { what: `${at}median beside the usual`, unit: "×", better: "less", aim: { value: 3 } },
    [`longest${factor}`]: {
      what: `${at}99th percentile beside the usual`,
      unit: "×",
      better: "less",
      aim: { value: 3 },
    },
    [`back${factor}`]: {
      what: `${at}until the usual again, afterwards`,
      unit: "ms",
      better: "less",
      aim: { value: 1000 },
    },
  };
}

function valuesAt(
  factor: number,
  { offers, unsent }: Offered,
  seconds: number,
  { usual50, usual99 }: { usual50: number; usual99: number },
): Values {
  const accepted = times(offers, "accepted");
  const refused = times(offers, "refused");
  const [middle, most] = [median(accepted), percentile(accepted, 0.99)];
  const told =
    refused.length === 0 ? {} : { [`told${factor}`]: median(refused), [`told99${factor}`]: percentile(refused, 0.99) };
  return {
    [`accepted${factor}`]: accepted.length / seconds,
    [`refused${factor}`]: refused.length / seconds,
    [`unsent${factor}`]: unsent / seconds,
    ...told,
    [`median${factor}`]: middle,
    [`most${factor}`]: most,
    [`longer${factor}`]: middle / usual50,
    [`longest${factor}`]: most / usual99,
  };
}

const times = (offers: readonly Offer[], wanted: Offer["result"]): number[] =>
  offers.filter(({ result }) => result === wanted).map(({ begun, said }) => said - begun);

/** Milliseconds from the beginning of this load until the first slice of it that is as good as usual. */
function backAfter({ offers, begun, ended }: Offered, good: number): number {
  for (let from = begun; from < ended; from += slice) {
    const some = offers.filter(({ due }) => due >= from && due < from + slice);
    const accepted = times(some, "accepted");
    if (accepted.length === some.length && accepted.length > 0 && median(accepted) <= good) return from - begun;
  }
  return ended - begun;
}
