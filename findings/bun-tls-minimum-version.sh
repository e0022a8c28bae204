#!/usr/bin/env bash
# Bun 1.4.5: the lowest TLS version is a number for Bun.listen and Bun.serve, and a name for node:tls.
#
# What one would guess: `minVersion: "TLSv1.2"`, which node:tls takes, is understood wherever Bun takes a `tls` object
# with the same `key`, `cert` and `ciphers`.
# What happens: Bun.listen and Bun.serve throw a TypeError for the name and take OpenSSL's number (0x0303); node:tls
# throws for the number. Where nothing is said both take TLS 1.2 at least.
#
# Output seen:
#   Bun.listen by name: TLSOptions.minVersion must be a number
#   Bun.listen by number: listens
#   node:tls by name: a context
#   node:tls by number: throws
#
# Exits 0 while that is so, 1 when it has changed. Needs npm and the registry; removes what it installs.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent --foreground-scripts=false bun@1.4.5 >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost 2>/dev/null
cat > probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

const pair = { key: readFileSync("key.pem", "utf8"), cert: readFileSync("cert.pem", "utf8") };
const attempt = (act) => {
  try {
    return act();
  } catch (error) {
    return error.message;
  }
};
const listens = (minVersion) => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, tls: { ...pair, minVersion }, socket: { data() {} } });
  listener.stop(true);
  return "listens";
};
console.log(`Bun.listen by name: ${attempt(() => listens("TLSv1.2"))}`);
console.log(`Bun.listen by number: ${attempt(() => listens(0x0303))}`);
const context = (minVersion) => attempt(() => (createSecureContext({ ...pair, minVersion }), "a context"));
console.log(`node:tls by name: ${context("TLSv1.2")}`);
console.log(`node:tls by number: ${context(0x0303) === "a context" ? "a context" : "throws"}`);
JS
seen=$(./node_modules/.bin/bun probe.mjs)
echo "$seen"
[ "$seen" = "Bun.listen by name: TLSOptions.minVersion must be a number
Bun.listen by number: listens
node:tls by name: a context
node:tls by number: throws" ]
