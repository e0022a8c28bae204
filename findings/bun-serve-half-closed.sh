#!/usr/bin/env bash
# Bun 1.4.5: Bun.serve does not answer a client that has ended its sending side; node:http on the same Bun does, with
# httpAllowHalfOpen.
#
# What one would guess: a GET whose client has shut down its sending side (RFC 9112 §9.6, RFC 9293 §3.6) is answered,
# as the request is whole and the other direction is open; or there is an option, as Bun.listen has allowHalfOpen.
# What happens: with an answer that takes a moment, the connection is closed without a byte. There is no option.
#
# Output seen:
#   Bun.serve: 0 octets
#   node:http: 0 octets
#   node:http with httpAllowHalfOpen: answered
#
# Exits 0 while that is so, 1 when it has changed. Needs npm and the registry; removes what it installs.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent --foreground-scripts=false bun@1.4.5 >/dev/null
cat > probe.mjs <<'JS'
import { createServer } from "node:http";
import { connect } from "node:net";

const later = () => new Promise((resolve) => setTimeout(resolve, 100));
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
const answer = async (_request, response) => {
  await later();
  response.end("answer");
};
function ask(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let heard = "";
    socket.on("data", (bytes) => (heard += bytes));
    socket.on("end", () => resolve(heard));
    socket.on("error", () => resolve(heard));
    socket.end("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}
const show = (heard) => (heard.endsWith("answer") ? "answered" : `${heard.length} octets`);
const serve = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: async () => (await later(), new Response("answer")) });
console.log(`Bun.serve: ${show(await ask(serve.port))}`);
console.log(`node:http: ${show(await ask(await listen(createServer(answer))))}`);
const open = createServer(answer);
open.httpAllowHalfOpen = true;
console.log(`node:http with httpAllowHalfOpen: ${show(await ask(await listen(open)))}`);
process.exit(0);
JS
seen=$(./node_modules/.bin/bun probe.mjs)
echo "$seen"
[ "$seen" = "Bun.serve: 0 octets
node:http: 0 octets
node:http with httpAllowHalfOpen: answered" ]
