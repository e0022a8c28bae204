import { expect, test } from "bun:test";
import { nearest } from "./nearest.ts";

test("nearest forgives a slip of the finger for every few letters, and no more", () => {
  const known = ["port", "tls_port", "host", "max_connections"];
  expect(
    ["prot", "Port", "pot", "tlsport", "max_conections", "max-connection"].map((name) => nearest(name, known)),
  ).toEqual([...["port", "port", "port", "tls_port", "max_connections", "max_connections"]]);
  expect(["", "x", "wort_is", "connections"].map((name) => nearest(name, known))).toEqual([null, null, null, null]);
});
