import { expect, test } from "bun:test";
import { networkOf, widerNetworkOf } from "./network-of.ts";

test("IPv4 counts by address, IPv6 by its first 64 bits, however it is written", () => {
  expect(networkOf("192.0.2.7")).toBe("192.0.2.7");
  expect(networkOf("::ffff:192.0.2.7")).toBe("192.0.2.7");
  const network = "2001:db8:0:1::/64";
  for (const address of [
    "2001:db8:0:1::1",
    "2001:DB8:0:1:a:b:c:d",
    "2001:0db8:0000:0001::ffff%eth0",
    "2001:db8:0:1::",
  ]) {
    expect(networkOf(address)).toBe(network);
  }
  expect(networkOf("2001:db8:0:2::1")).not.toBe(network);
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
});

test("the network around is an IPv4 /24 or an IPv6 /48", () => {
  expect(widerNetworkOf("192.0.2.7")).toBe("192.0.2.0/24");
  expect(widerNetworkOf("::ffff:192.0.2.250")).toBe("192.0.2.0/24");
  expect(widerNetworkOf("2001:0db8:0:ffff::1")).toBe("2001:db8:0::/48");
});
