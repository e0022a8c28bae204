import { ByteSocket, type Wire } from "../../src/protocols/byte-socket.ts";
import type { StreamProtocol } from "../../src/protocols/stream-listener.ts";
import { Route, Stream } from "./network.ts";
import type { Life, World } from "./world.ts";

/** A TCP connection between a client and a node: octets in order, late, in pieces, and cut off at any point. */
export class Connection implements Wire {
  /** The client's ears. */
  onData: (bytes: Uint8Array) => void = () => {};
  onClosed: () => void = () => {};
  /** The node forgets it. */
  onGone: () => void = () => {};
  readonly #world: World;
  readonly #server: Life;
  readonly #client: Life;
  readonly #up: Stream;
  readonly #down: Stream;
  readonly #socket: ByteSocket;
  #paused = false;
  #held: Uint8Array[] = [];
  #clientOpen = true;
  #serverOpen = true;

  constructor(world: World, server: Life, client: Life, now: number, protocol: StreamProtocol) {
    this.#world = world;
    this.#server = server;
    this.#client = client;
    this.#up = new Stream(world, new Route(world));
    this.#down = new Stream(world, new Route(world));
    this.#socket = new ByteSocket(this, "192.0.2.1", now + 60_000, () => {});
    this.#socket.conversation = protocol.converse(this.#socket);
  }

  // The client's side

  send(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
    const { random } = this.#world;
    // Now and then the network makes two packets of one.
    const cut = random.chance(0.05) ? random.int(0, bytes.length) : bytes.length;
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (piece.length === 0) continue;
      this.#world.after(this.#up.delay(), this.#server, () => this.#arrived(piece));
    }
  }

  /** The client goes away without a word; what is on its way may or may not arrive. */
  drop(): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#world.after(this.#up.delay(), this.#server, () => this.#gone());
  }

  #arrived(bytes: Uint8Array): void {
    if (!this.#serverOpen) return;
    if (this.#paused || this.#held.length > 0) this.#held.push(bytes);
    else this.#socket.conversation?.received(bytes);
  }

  #gone(): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#socket.gone();
    this.onGone();
  }

  #clientHearsOfTheEnd(delay: number): void {
    this.#world.after(delay, this.#client, () => {
      if (!this.#clientOpen) return;
      this.#clientOpen = false;
      this.onClosed();
    });
  }

  // The node's side: `Wire`

  write(bytes: Uint8Array): number {
    if (!this.#serverOpen) return -1;
    const { random } = this.#world;
    const taken = random.chance(0.02) ? random.int(0, bytes.length) : bytes.length;
    if (taken < bytes.length) {
      this.#world.after(random.wait(5), this.#server, () => this.#serverOpen && this.#socket.flush());
    }
    const piece = bytes.slice(0, taken);
    if (taken > 0) {
      this.#world.after(this.#down.delay(), this.#client, () => {
        // A node that died took with it what it had not sent; what it had sent arrives, or not.
        if (this.#clientOpen && (!this.#server.ended || random.chance(0.5))) this.onData(piece);
        else if (this.#clientOpen) this.#breakOff();
      });
    }
    return taken;
  }

  /** Octets were lost on the way: nothing that was sent after them may arrive. */
  #breakOff(): void {
    this.#clientOpen = false;
    this.#world.after(this.#world.random.wait(50), this.#client, () => this.onClosed());
  }

  end(): void {
    this.#clientHearsOfTheEnd(this.#down.delay());
    this.#world.after(this.#up.delay(), this.#server, () => this.#gone());
  }

  terminate(): void {
    this.end();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#held.length === 0) return;
    this.#world.after(0, this.#server, () => {
      while (!this.#paused && this.#serverOpen && this.#held.length > 0) {
        this.#socket.conversation?.received(this.#held.shift()!);
      }
    });
  }

  // The listener's part

  sweep(now: number): void {
    if (this.#serverOpen && now >= this.#socket.deadline) this.#socket.conversation?.expired();
  }

  leave(): void {
    this.#socket.conversation?.leave();
  }

  /** The node is dead. Most clients hear of it at once, some only by their own patience. */
  serverDied(): void {
    this.#serverOpen = false;
    if (this.#world.random.chance(0.9)) this.#clientHearsOfTheEnd(this.#down.delay() + this.#world.random.wait(5));
  }
}
