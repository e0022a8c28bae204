import type { Kind } from "../measure.ts";

/** Work that grows faster than its input, in every way that the meter knows, and some that does not. */
const kind = (name: string, work: (size: number) => unknown): Kind => ({ name, grown: (size) => () => work(size) });

export const kinds: readonly Kind[] = [
  kind("loops in loops", (size) => {
    let sum = 0;
    for (let at = 0; at < size; at++) for (let before = 0; before < at; before++) sum++;
    return sum;
  }),
  kind("looking for each in all", (size) => {
    const seen: number[] = [];
    for (let at = 0; at < size; at++) if (!seen.includes(at)) seen.push(at);
    return seen;
  }),
  kind("a list made anew for each", (size) => {
    let list: number[] = [];
    for (let at = 0; at < size; at++) list = [...list, at];
    return list;
  }),
  kind("cutting off the beginning", (size) => {
    let text = "a".repeat(size);
    while (text !== "") text = text.slice(1);
    return text;
  }),
  kind("joining what is there with what comes", (size) => {
    let all = Buffer.alloc(0);
    for (let at = 0; at < size; at++) all = Buffer.concat([all, Buffer.alloc(1)]);
    return all;
  }),
  kind("a pattern that goes back", (size) => /\s+$/.test(`${" ".repeat(size)}x`)),
  kind("asking a form for each of its names", (size) => {
    const form = new URLSearchParams(Array.from({ length: size }, (_, at): [string, string] => [`n${at}`, "1"]));
    return [...form.keys()].map((name) => form.getAll(name));
  }),
  kind("linear: a loop", (size) => {
    let sum = 0;
    for (let at = 0; at < size; at++) sum += at;
    return sum;
  }),
  kind("linear: a pattern", (size) => "a b".repeat(size).replace(/\s+/g, " ")),
  kind("linear: a list", (size) => Array.from({ length: size }, (_, at) => at).map((at) => at + 1)),
];
