#!/usr/bin/env bash
# Bun 1.4.5: three things about node:http and node:net that differ from Node.
#
# 1. server.listen({ reusePort: true }) of node:http is ignored (EADDRINUSE); that of node:net is not.
#    One would guess that both go the same way, as http.Server is a net.Server.
# 2. A connection handed over by server.emit("connection", socket), which is the way around 1, has no backpressure:
#    a body that nobody reads is read to its end and kept. On connections that node:http accepted itself it has.
# 3. A socket's "timeout" does not come while a write waits for a client that reads nothing; Node's does.
#
# Output seen on Bun (on Node 20.20: no reusePort for either, which came with Node 23; then waits, waits, comes):
#   node:net reusePort: shared
#   node:http reusePort: EADDRINUSE
#   unread body, accepted by node:http: waits
#   unread body, handed over: read to the end
#   timeout of a client that reads nothing: does not come
#
# Exits 0 while that is so, 1 when it has changed. Needs npm and the registry; removes what it installs.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent --foreground-scripts=false bun@1.4.5 >/dev/null
cat > probe.mjs <<'JS'
import http from "node:http";
import net from "node:net";

const listen = (server, options) =>
  new Promise((resolve) => {
    server.once("error", (error) => resolve(error.code));
    server.listen({ host: "127.0.0.1", port: 0, ...options }, () => resolve(server.address().port));
  });
const within = (ms, promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, null))]);

for (const [name, make] of [["node:net", net.createServer], ["node:http", http.createServer]]) {
  const port = await listen(make(), { reusePort: true });
  const second = await listen(make(), { port, reusePort: true });
  console.log(`${name} reusePort: ${second === port ? "shared" : second}`);
}

/** Whether 32 MB of body, more than the kernel's buffers hold, leave a client whose request nobody reads. */
async function unread(port) {
  const client = net.connect(port, "127.0.0.1");
  client.on("error", () => {});
  const size = 32 * 1024 * 1024;
  client.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`);
  const sent = new Promise((resolve) => client.write(new Uint8Array(size), () => resolve("read to the end")));
  return (await within(2000, sent)) ?? "waits";
}
const server = http.createServer(() => {});
console.log(`unread body, accepted by node:http: ${await unread(await listen(server))}`);
const handing = net.createServer((socket) => server.emit("connection", socket));
console.log(`unread body, handed over: ${await unread(await listen(handing))}`);

const timed = new Promise((resolve) => {
  const writer = net.createServer((socket) => {
    socket.setTimeout(300, () => resolve("comes"));
    socket.on("error", () => {});
    socket.write(new Uint8Array(32 * 1024 * 1024));
  });
  listen(writer).then((port) => net.connect(port, "127.0.0.1").pause().on("error", () => {}));
});
console.log(`timeout of a client that reads nothing: ${(await within(3000, timed)) ?? "does not come"}`);
process.exit(0);
JS
seen=$(./node_modules/.bin/bun probe.mjs)
echo "$seen"
[ "$seen" = "node:net reusePort: shared
node:http reusePort: EADDRINUSE
unread body, accepted by node:http: waits
unread body, handed over: read to the end
timeout of a client that reads nothing: does not come" ]
