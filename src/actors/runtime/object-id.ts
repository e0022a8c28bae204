/**
 * Makes ObjectIds as MongoDB does: 4 bytes of seconds, 5 of randomness for the process, 3 of a counter. Ascending
 * within a process and second, so that what arrives together is stored together.
 */
export function objectIds(now: () => number, random: (bytes: number) => Uint8Array): () => string {
  const process = hex(random(5));
  const start = random(3);
  let counter = (start[0]! << 16) | (start[1]! << 8) | start[2]!;
  return () => {
    counter = (counter + 1) & 0xff_ffff;
    const seconds = Math.floor(now() / 1000) >>> 0;
    return seconds.toString(16).padStart(8, "0") + process + counter.toString(16).padStart(6, "0");
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
