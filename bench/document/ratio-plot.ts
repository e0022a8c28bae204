import { short, timesBetter } from "../judgement.ts";
import type { Measured, Result } from "../results-file.ts";
import { serverNames } from "./server-names.ts";
import { colours, line, picture, rectangle, text } from "./svg.ts";

const peers = ["dovecot", "wildduck"] as const;
const colourOf = { dovecot: colours[0], wildduck: colours[1] } as const;
const names = 330;
const width = 860;
const bar = 12;

/**
 * One row for each figure: how many times better Eider is than each peer, on a logarithmic axis. Thin lines go from the
 * least to the most that the rounds allow, black ticks are the aims. Null where there is no peer to compare with.
 */
export function ratioPlot(results: readonly Result[]): string | null {
  const rows = results
    .map((result) => ({ result, bars: peers.flatMap((peer) => barOf(result, peer) ?? []) }))
    .filter(({ bars }) => bars.length > 0);
  if (rows.length === 0) return null;
  const most = Math.max(10, ...rows.flatMap(({ bars }) => bars.flatMap(({ high, aim }) => [high, aim ?? 1])));
  const least = Math.min(1, ...rows.flatMap(({ bars }) => bars.map(({ low }) => low)));
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const x = (ratio: number) => names + ((Math.log10(ratio) - from) / (to - from)) * (width - names - 70);
  const elements: string[] = [];
  let y = 40;
  for (const { result, bars } of rows) {
    elements.push(text(names - 8, y + (bars.length * bar) / 2 + 4, cut(result.what), { "text-anchor": "end" }));
    for (const { peer, ratio, low, high, aim } of bars) {
      const [left, right] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
      elements.push(rectangle(left, y, right - left, bar - 2, colourOf[peer]));
      elements.push(line(x(low), y + bar / 2 - 1, x(high), y + bar / 2 - 1, "#222"));
      if (aim !== undefined) elements.push(line(x(aim), y - 1, x(aim), y + bar - 1, "#000", 3));
      elements.push(text(Math.max(right, x(high)) + 5, y + bar - 3, `${short(ratio)} ×`, { "font-size": 11 }));
      y += bar;
    }
    y += 8;
  }
  const axis = Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at)).flatMap((ratio) => [
    line(x(ratio), 30, x(ratio), y, ratio === 1 ? "#222" : "#ddd"),
    text(x(ratio), y + 16, `${ratio} ×`, { "text-anchor": "middle", "font-size": 11 }),
  ]);
  const legend = peers
    .filter((peer) => rows.some(({ bars }) => bars.some((each) => each.peer === peer)))
    .flatMap((peer, at) => [
      rectangle(names + at * 190, 10, 12, 12, colourOf[peer]),
      text(names + at * 190 + 18, 20, `better than ${serverNames(peer)}`),
    ]);
  return picture(width, y + 28, [...axis, ...legend, ...elements]);
}

type Bar = {
  readonly peer: (typeof peers)[number];
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly aim?: number | undefined;
};

function barOf(result: Result, peer: (typeof peers)[number]): Bar | null {
  const ratio = timesBetter(result, peer);
  // Nothing against something is better beyond any scale; the table says it.
  if (ratio === null || !Number.isFinite(ratio) || ratio <= 0) return null;
  const [ours, theirs] = [spread(result.servers.eider!), spread(result.servers[peer]!)];
  const more = result.better === "more";
  const low = ratio * (more ? ours.low / theirs.high : theirs.low / ours.high);
  const high = ratio * (more ? ours.high / theirs.low : theirs.high / ours.low);
  return { peer, ratio, low, high, aim: result.aim?.[peer] };
}

/** The least and the most of the raw values, as parts of the median. */
function spread({ median, raw }: Measured): { low: number; high: number } {
  return { low: Math.min(...raw) / median, high: Math.max(...raw) / median };
}

function cut(what: string): string {
  return what.length > 50 ? `${what.slice(0, 49)}…` : what;
}
