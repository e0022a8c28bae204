import { readFileSync, writeFileSync } from "node:fs";

/** Resident memory of a process, bytes: now, and the most since it was last forgotten (or since the start). @see proc(5) */
export function residentSize(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { now: field("VmRSS"), most: field("VmHWM") };
}

/** From here on `most` is counted anew. */
export function forgetMostResident(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
