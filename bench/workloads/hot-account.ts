import { type Offer, openLoop } from "../load/open-loop.ts";
import { median, percentile } from "../statistics.ts";
import { workload } from "../workload.ts";

const size = 4096;

/**
 * What one account to which a thousand messages a second are delivered costs its neighbours: a steady stream to others of
 * the same worker, alone, beside that account, and beside as many messages to accounts of which none is hot.
 */
export const hotAccount = workload({
  name: "hot-account",
  title: "{others} deliveries of 4 kB a second to {users} accounts, beside {hot} a second to one other",
  sizes: {
    users: { full: 30, quick: 10 },
    others: { full: 300, quick: 100 },
    hot: { full: 1000, quick: 300 },
    seconds: { full: 15, quick: 3 },
    rest: { full: 5, quick: 1 },
  },
  only: ["eider"],
  figures: {
    alone: { what: "the others alone: median", unit: "ms", better: "less" },
    alone99: { what: "the others alone: 99th percentile", unit: "ms", better: "less" },
    spread: { what: "beside the same load on many accounts: median", unit: "ms", better: "less" },
    spread99: { what: "beside the same load on many accounts: 99th percentile", unit: "ms", better: "less" },
    beside: { what: "beside the hot account: median", unit: "ms", better: "less" },
    beside99: { what: "beside the hot account: 99th percentile", unit: "ms", better: "less" },
    slower: { what: "slower beside the hot account than alone", unit: "%", better: "less", aim: { value: 20 } },
    slowerThanSpread: {
      what: "slower than beside the same load on many",
      unit: "%",
      better: "less",
      aim: { value: 20 },
    },
    taken: { what: "of the others' deliveries beside it, accepted", unit: "%", better: "more", aim: { value: 100 } },
    hotTaken: { what: "of the hot account's, accepted", unit: "%", better: "more" },
  },
  async run({ server, sizes, round }) {
    const made = (name: string, count: number) =>
      Promise.all(Array.from({ length: count }, async (_, at) => (await server.user(`${name}${at}`)).address));
    const neighbours = await made("neighbour", sizes.users);
    const many = await made("many-hot", 100);
    const hot = await made(`hot${round}-`, 1);
    let first = round * 10_000_000;
    const stream = async (addresses: readonly string[], rate: number): Promise<readonly Offer[]> => {
      first += 1_000_000;
      const { port, seconds } = { port: server.ports.lmtp, seconds: sizes.seconds };
      return (await openLoop({ port, addresses, rate, seconds, connections: 200, size, first })).offers;
    };
    /** The others, beside a load to these addresses; what is written behind the log is written before. */
    const besides = async (addresses: readonly string[]) => {
      await Bun.sleep(sizes.rest * 1000);
      return Promise.all([
        stream(neighbours, sizes.others),
        addresses.length === 0 ? [] : stream(addresses, sizes.hot),
      ]);
    };
    await stream(neighbours, sizes.others);
    const orders = [
      ["alone", "spread", "beside"],
      ["beside", "alone", "spread"],
      ["spread", "beside", "alone"],
    ] as const;
    const loads = { alone: [], spread: many, beside: hot };
    const offers = new Map<string, readonly [readonly Offer[], readonly Offer[]]>();
    for (const name of orders[round % orders.length]!) offers.set(name, await besides(loads[name]));
    const [ofBeside, ofHot] = offers.get("beside")!;
    const othersIn = (name: keyof typeof loads) => times(offers.get(name)![0]);
    const [alone, spread, beside] = [othersIn("alone"), othersIn("spread"), othersIn("beside")];
    return {
      alone: median(alone),
      alone99: percentile(alone, 0.99),
      spread: median(spread),
      spread99: percentile(spread, 0.99),
      beside: median(beside),
      beside99: percentile(beside, 0.99),
      slower: 100 * (median(beside) / median(alone) - 1),
      slowerThanSpread: 100 * (median(beside) / median(spread) - 1),
      taken: (100 * beside.length) / ofBeside.length,
      hotTaken: (100 * times(ofHot).length) / ofHot.length,
    };
  },
});

const times = (offers: readonly Offer[]): number[] =>
  offers.filter(({ result }) => result === "accepted").map(({ due, said }) => said - due);
