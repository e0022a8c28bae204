import { connect, createServer, type Server, type Socket } from "node:net";

/** Codes of the wire protocol's messages. @see the MongoDB wire protocol, OP_MSG and OP_COMPRESSED */
const opMsg = 2013;
const headerSize = 16;
/** What drivers say of their own accord: not a part of any operation. */
const housekeeping = new Set(["hello", "ismaster", "isMaster", "ping", "endSessions", "buildInfo"]);

export type CountingProxy = {
  readonly port: number;
  /** Commands that went to the database so far. */
  commands(): number;
  /** The same by name. */
  byName(): Readonly<Record<string, number>>;
  close(): Promise<void>;
};

/** Passes bytes on between clients and a MongoDB, and counts the commands by the headers that go by. It changes nothing and answers nothing. */
export async function countingProxy(target: number): Promise<CountingProxy> {
  const names = new Map<string, number>();
  const open = new Set<Socket>();
  const count = (name: string) => {
    if (!housekeeping.has(name)) names.set(name, (names.get(name) ?? 0) + 1);
  };
  const server = createServer((client) => {
    const database = connect({ host: "127.0.0.1", port: target, noDelay: true });
    client.setNoDelay(true);
    for (const socket of [client, database]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      socket.on("error", () => {
        client.destroy();
        database.destroy();
      });
    }
    const messages = messageNames(count);
    client.on("data", messages);
    client.pipe(database);
    database.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    commands: () => [...names.values()].reduce((sum, number) => sum + number, 0),
    byName: () => Object.fromEntries(names),
    close: () => closed(server, open),
  };
}

function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  for (const socket of open) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Follows one direction of a connection and says the command name of each OP_MSG that begins in it. */
export function messageNames(heard: (name: string) => void): (bytes: Uint8Array) => void {
  /** Octets until the next message begins; those before belong to one whose name was said. */
  let skip = 0;
  let begun: Buffer = Buffer.alloc(0);
  /** Header, flags, kind of the first section, length of its document, type of its first element; then a name that ends in NUL. */
  const nameAt = headerSize + 4 + 1 + 4 + 1;
  return (bytes) => {
    let rest: Buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (rest.length > 0) {
      if (skip > 0) {
        const passed = Math.min(skip, rest.length);
        skip -= passed;
        rest = rest.subarray(passed);
        continue;
      }
      begun = begun.length === 0 ? rest : Buffer.concat([begun, rest]);
      if (begun.length < headerSize) return;
      const length = begun.readInt32LE(0);
      const end = begun.readInt32LE(12) === opMsg ? begun.indexOf(0, nameAt) : headerSize;
      if (end < 0 && begun.length < length) return;
      if (begun.readInt32LE(12) === opMsg) heard(begun.toString("latin1", nameAt, end));
      skip = length;
      rest = begun;
      begun = Buffer.alloc(0);
    }
  };
}
