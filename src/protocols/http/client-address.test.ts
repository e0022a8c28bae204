import { expect, test } from "bun:test";
import { trustedAddresses } from "../proxy-protocol.ts";
import { clientAddress } from "./client-address.ts";

const trusted = trustedAddresses(["10.0.0.0/8", "::1"]);

test.each([
  ["203.0.113.9", null, "203.0.113.9"],
  ["::ffff:203.0.113.9", null, "203.0.113.9"],
  // Nobody is believed who is not a proxy of ours.
  ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["::1", "2001:db8::7", "2001:db8::7"],
  // What the client wrote itself stands left of what the proxy saw.
  ["10.0.0.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"],
  ["10.0.0.1", "198.51.100.1, 10.2.2.2", "198.51.100.1"],
  ["10.0.0.1", "nonsense", "10.0.0.1"],
  ["10.0.0.1", "", "10.0.0.1"],
])("clientAddress of %s with %j is %s", (peer, forwarded, expected) => {
  expect(clientAddress(peer, forwarded, trusted)).toBe(expected);
});
