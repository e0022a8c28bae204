import type { Socket } from "bun";

// Greets, and answers each line with so many octets and an "x OK". Says its port, and ends with its standard input.
const ending = "x OK\r\n";
const filling = "* ANSWER\r\n";
const size = Math.max(ending.length, Number(process.argv[2]));
const answer = Buffer.alloc(size, filling);
answer.write(`\r\n${ending}`, size - ending.length - 2, "latin1");

const unsent = new WeakMap<Socket, Uint8Array>();
const send = (socket: Socket, bytes: Uint8Array) => {
  const sent = socket.write(bytes);
  if (sent < bytes.length) unsent.set(socket, bytes.subarray(Math.max(0, sent)));
  else unsent.delete(socket);
};
const listener = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open: (socket) => void socket.write("* OK\r\n"),
    data: (socket) => send(socket, answer),
    drain(socket) {
      const rest = unsent.get(socket);
      if (rest !== undefined) send(socket, rest);
    },
  },
});
process.stdout.write(`${listener.port}\n`);
for await (const _ of Bun.stdin.stream());
process.exit(0);
