import { expect, test } from "bun:test";
import { summed } from "./system-calls.ts";

test("summed counts calls that were cut in two once, and octets of those that succeeded", () => {
  const text = [
    '12 sendto(31, ""..., 92, 0, NULL, 0) = 92',
    "12 epoll_pwait2(3,  <unfinished ...>",
    "14 fdatasync(9 <unfinished ...>",
    "12 <... epoll_pwait2 resumed>[{...}], 1024, NULL, NULL, 8) = 1",
    "14 <... fdatasync resumed>) = 0",
    "12 recvfrom(31, 0x7f, 524288, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)",
    '14 pwrite64(9, ""..., 4096, 8192) = 4096',
    "14 +++ exited with 0 +++",
  ].join("\n");
  expect(summed(text)).toEqual({
    calls: { sendto: 1, epoll_pwait2: 1, fdatasync: 1, recvfrom: 1, pwrite64: 1 },
    ...{ received: 0, sent: 92, read: 0, written: 4096 },
  });
});
