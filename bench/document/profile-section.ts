import { short } from "../judgement.ts";
import type { ProfiledPath } from "../results-file.ts";
import { colours, picture, rectangle, text } from "./svg.ts";
import { escaped } from "./tables.ts";

const callsShown = 8;

/** Each hot path: threads, system calls, octets, functions, and how far from the limit it is. */
export function profileSection(profile: readonly ProfiledPath[]): string {
  if (profile.length === 0) return "_Not measured in this run._";
  return profile.map(pathSection).join("\n\n");
}

function pathSection({ path, operation, perSecond, cpu, threads, calls, bytes, hot, limits }: ProfiledPath): string {
  const times = threads.map(({ name, user, system }) => `${name} ${micro(user)} + ${micro(system)}`);
  const shown = Object.entries(calls).slice(0, callsShown);
  const all = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const syncs = (calls.fsync ?? 0) + (calls.fdatasync ?? 0);
  const crossed = bytes.received + bytes.sent + bytes.read + bytes.written;
  const lines = [
    `### ${path}`,
    `One operation is ${escaped(operation)}: ${short(perSecond)} a second in this run, ${micro(cpu)} µs of CPU time each.`,
    [
      `- **Threads**, µs in user + kernel mode: ${times.join(", ")}.`,
      `- **System calls**, ${short(all)} an operation: ${shown.map(([name, count]) => `${name} ${short(count)}`).join(", ")}.${syncs > 0 ? ` ${short(syncs)} of them wait for the disk: ${short(1 / syncs)} operations for each.` : ""}`,
      `- **Octets** through the kernel: ${short(crossed)} for ${short(bytes.payload)} of payload, ${short(crossed / bytes.payload)} of each: received ${short(bytes.received)}, sent ${short(bytes.sent)}, read ${short(bytes.read)}, written ${short(bytes.written)}; to storage ${short(bytes.disk)}.`,
      ...(hot.length === 0
        ? []
        : [
            `- **Main thread**, parts of its samples: ${hot.map(({ where, share }) => `${escaped(where)} ${(share * 100).toFixed(0)} %`).join(", ")}.`,
          ]),
      ...limits.map(
        ({ what, perSecond: limit }) =>
          `- **Limit**: ${what}: ${short(limit)} a second; Eider reaches ${((perSecond / limit) * 100).toFixed(perSecond / limit < 0.1 ? 1 : 0)} % of it.`,
      ),
    ].join("\n"),
  ];
  return lines.join("\n\n");
}

function micro(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

const names = 110;
const width = 860;
const height = 26;

/** CPU time of each path by thread, as parts of the whole. Null where nothing was profiled. */
export function cpuPlot(profile: readonly ProfiledPath[]): string | null {
  if (profile.length === 0) return null;
  const threads = [...new Set(profile.flatMap((path) => path.threads.map(({ name }) => name)))];
  const colourOf = (name: string) => colours[threads.indexOf(name) % colours.length]!;
  const elements = profile.flatMap(({ path, cpu, threads: own }, row) => {
    const y = 50 + row * (height + 8);
    let x = names;
    const bars = own.map(({ name, user, system }) => {
      const part = ((user + system) / cpu) * (width - names - 90);
      x += part;
      return rectangle(x - part, y, part, height, colourOf(name));
    });
    return [text(names - 8, y + 17, path, { "text-anchor": "end" }), ...bars, text(x + 6, y + 17, `${micro(cpu)} µs`)];
  });
  const legend = threads.flatMap((name, at) => {
    const [x, y] = [names + (at % 3) * 240, 8 + Math.floor(at / 3) * 18];
    return [rectangle(x, y, 12, 12, colourOf(name)), text(x + 18, y + 10, name)];
  });
  return picture(width, 50 + profile.length * (height + 8) + 8, [...legend, ...elements]);
}
