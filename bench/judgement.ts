import type { Measured, Result } from "./results-file.ts";

/** How many times better Eider is than a peer: by what one of `per` costs, where the sizes differ. Null where either was not measured. */
export function timesBetter(result: Result, peer: string): number | null {
  const [ours, theirs] = [result.servers.eider, result.servers[peer]];
  if (ours === undefined || theirs === undefined || peer === "eider") return null;
  const [a, b] = [cost(result, ours), cost(result, theirs)];
  return result.better === "more" ? a / b : b / a;
}

function cost({ per }: Result, { median, sizes }: Measured): number {
  return per === undefined ? median : median / sizes[per]!;
}

export type Judged = {
  /** "≥ 2 × Dovecot", "≤ 6 kB". */
  readonly aim: string;
  /** Null where what it speaks of was not measured. */
  readonly met: boolean | null;
};

const peerNames: Readonly<Record<string, string>> = { dovecot: "Dovecot", wildduck: "WildDuck" };

/** Every aim of a figure, and whether it was reached. */
export function judge(result: Result): Judged[] {
  const { aim = {}, unit, better, servers } = result;
  const judged: Judged[] = [];
  for (const peer of ["dovecot", "wildduck"] as const) {
    const times = aim[peer];
    if (times === undefined) continue;
    const ratio = timesBetter(result, peer);
    judged.push({ aim: `≥ ${times} × ${peerNames[peer]}`, met: ratio === null ? null : ratio >= times });
  }
  if (aim.value !== undefined) {
    const ours = servers.eider?.median;
    const met = ours === undefined ? null : better === "more" ? ours >= aim.value : ours <= aim.value;
    judged.push({ aim: `${better === "more" ? "≥" : "≤"} ${aim.value} ${unit}`.trim(), met });
  }
  return judged;
}

/** Three digits that count. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return "∞";
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.01 || size === 0 ? value.toFixed(2) : value.toFixed(4);
}
