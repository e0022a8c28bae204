import { expect, test } from "bun:test";
import { tomlLines } from "./toml-lines.ts";

test("tomlLines finds keys behind comments, arrays, inline tables and strings over several lines", () => {
  const source = [
    "# [imap]", //                    1
    'data = "a # b"', //              2
    'hostname = """', //              3
    "port = 1", //                    4
    '"""" # four quotes', //          5
    "", //                            6
    "[imap] # the first", //          7
    "  port = 1143", //               8
    "proxy_protocol = [", //          9
    '  "10.0.0.1", # ]', //          10
    '  "10.0.0.2" ]', //             11
    '"tls_port" = 1993', //          12
    "'max_connections' = 5", //      13
    "[ log ]", //                    14
    "level = 'it\\'", //             15
    "[tls]\r", //                    16
    "cert = 'x'\r", //               17
  ].join("\n");
  expect([...tomlLines(source)]).toEqual([
    ["data", 2],
    ["hostname", 3],
    ["imap", 7],
    ["imap.port", 8],
    ["imap.proxy_protocol", 9],
    ["imap.tls_port", 12],
    ["imap.max_connections", 13],
    ["log", 14],
    ["log.level", 15],
    ["tls", 16],
    ["tls.cert", 17],
  ]);
});

test("tomlLines follows dotted keys and names an inline table by its own line", () => {
  expect([...tomlLines('imap.port = 1\nstore = { kind = "x",\n a = 2 }\n[a."b.c"]\nd = 1')]).toEqual([
    ["imap.port", 1],
    ["store", 2],
    ["a.b.c", 4],
    ["a.b.c.d", 5],
  ]);
});
