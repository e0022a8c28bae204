import { short } from "../judgement.ts";
import type { Result } from "../results-file.ts";
import { serverNames } from "./server-names.ts";

/** What the README shows: one line for several figures of a workload, with "/" between their values. */
const rows: readonly (readonly [what: string, workload: string, ...figures: string[]])[] = [
  ["deliveries a second into one mailbox, 1 / 10 / 50 connections", "deliver", "one", "ten", "fifty"],
  ["deliveries a second to 100 accounts at once", "deliver-many", "rate"],
  ["`FETCH 1:* (FLAGS)`, 10,000 messages", "fetch", "flags"],
  ["`FETCH 1:* (ENVELOPE)`, 10,000, second time", "fetch", "envelopes"],
  ["`STORE 1:* +FLAGS`, 10,000", "change", "store"],
  ["MOVE 100 in a folder of 10,000", "change", "move"],
  ["CPU time for a delivery / a mixed IMAP command", "cpu", "delivery", "command"],
  ["deliveries a second on MongoDB's wire, 50 connections", "deliver-mongodb", "fifty"],
  ["round trips for each of them", "deliver-mongodb", "tripsFifty"],
  ["memory of an idle session, plain / TLS", "idle", "plain", "tls"],
  ["`250` to the deliverer → EXISTS at an idle client, median", "push", "p50"],
];
const servers = ["dovecot", "wildduck", "eider"] as const;

/** The table of the README; lines that were not measured are left out. */
export function readmeFigures({ results }: { readonly results: readonly Result[] }): string {
  const found = rows.flatMap(([what, workload, ...figures]) => {
    const own = figures.map((figure) => results.find((each) => each.workload === workload && each.figure === figure));
    return own.every((each) => each !== undefined) ? [{ what, own: own as Result[] }] : [];
  });
  const there = servers.filter((name) => found.some(({ own }) => own.some((each) => each.servers[name] !== undefined)));
  return [
    `| | ${there.map(serverNames).join(" | ")} |`,
    `|${" --- |".repeat(there.length + 1)}`,
    ...found.map(({ what, own }) => `| ${what} | ${there.map((name) => cell(own, name)).join(" | ")} |`),
  ].join("\n");
}

function cell(results: readonly Result[], name: string): string {
  const values = results.map(({ servers: all, per }) => {
    const measured = all[name];
    if (measured === undefined) return "–";
    // A peer that was given fewer of them: what as many as Eider's would take.
    const scale = per === undefined ? 1 : (all.eider?.sizes[per] ?? 1) / measured.sizes[per]!;
    return `${scale === 1 ? "" : "≈ "}${short(measured.median * scale)}`;
  });
  if (values.every((value) => value === "–")) return "";
  const { unit } = results[0]!;
  return `${values.join(" / ")}${unit === "" || unit.startsWith("/") ? "" : ` ${unit}`}`;
}
