/** What a `ByteSocket` writes to: a Bun socket, plain or TLS, or TLS carried over octets already read. */
export interface Wire {
  /** How many octets were taken; fewer than given means that a drain event will follow; negative: closing. */
  write(bytes: Uint8Array): number;
  /** Sends what was taken, then closes. */
  end(): void;
  /** Closes at once. */
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** Who talks over a socket. One object per connection; its methods are called by the listener's shared handlers. */
export interface Conversation {
  /** Octets from the client, decrypted; they may be kept. */
  received(bytes: Uint8Array): void;
  /** Everything written so far has gone out. */
  drained(): void;
  /** The client has ended its sending side (RFC 9293 §3.6): answer all that it said before, then end. */
  exhausted(): void;
  /** The TLS handshake asked for by `startTls` is done. */
  secured(): void;
  /** The connection is gone, whoever ended it. Called once. */
  closed(): void;
  /** The socket's `deadline` has passed: say goodbye and end, or set a later one. */
  expired(): void;
  /** The server is leaving: say goodbye at the next command boundary and end. */
  leave(): void;
}

/**
 * One connection as its conversation sees it: what cannot be sent at once is queued and goes out as the socket
 * drains. The queue is bounded by its users: whoever produces much waits for `drain()` whenever `congested`.
 * It survives STARTTLS: `adopt` puts the encrypted socket in the place of the plain one.
 */
export class ByteSocket {
  /** Milliseconds since 1970 at which `conversation.expired()` is called; the listener looks every few seconds. */
  deadline: number;
  /** Encrypted. */
  secure = false;
  /** Closed, or about to close once the queue is gone; writes are dropped. */
  ended = false;
  conversation: Conversation | null = null;
  /** The client sends no more, whatever it may still read. */
  exhausted = false;
  /** The client's address; behind a load balancer the one that it reported. */
  remote: string;
  /** Sweeps of the listener in a row that saw no progress on a non-empty queue. */
  stalls = 0;
  /** Octets written and not yet taken by the kernel. */
  queued = 0;
  /** What the listener does when the client has logged in: the connection is counted for the user from then on. */
  onSignedIn: ((socket: ByteSocket) => void) | null = null;
  /** Octets before the conversation began: part of a PROXY header. */
  early: Uint8Array | null = null;

  #wire: Wire;
  readonly #secure: (socket: ByteSocket) => void;
  #queue: Uint8Array[] | null = null;
  #waiters: (() => void)[] | null = null;
  #closed = false;

  /** `secure` begins TLS on a connection: the listener's, shared by all of them. */
  constructor(wire: Wire, remote: string, deadline: number, secure: (socket: ByteSocket) => void) {
    this.#wire = wire;
    this.#secure = secure;
    this.remote = remote;
    this.deadline = deadline;
  }

  /** More is queued than a slow reader should be given. */
  get congested(): boolean {
    return this.queued > highWater;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends, or queues what cannot be sent at once. `lasting`: the bytes will not change any more and are queued as they
   * are; else they are copied where they have to wait.
   */
  write(bytes: Uint8Array | string, lasting = true): void {
    if (this.ended) return;
    let rest = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
    if (rest.length === 0) return;
    if (this.#queue === null) {
      const sent = this.#send(rest);
      if (sent === rest.length) return;
      rest = rest.subarray(sent);
      this.#queue = [];
    }
    this.#queue.push(lasting ? rest : rest.slice());
    this.queued += rest.length;
  }

  /** Resolves when the queue is empty or the connection gone. */
  drain(): Promise<void> {
    if (this.#queue === null || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters ??= [];
      this.#waiters.push(resolve);
    });
  }

  /** Closes once everything written has gone out. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#queue === null) this.#wire.end();
  }

  /** Closes at once; what is queued is lost. */
  destroy(): void {
    this.ended = true;
    if (!this.#closed) this.#wire.terminate();
  }

  /** Stops reading: the client's octets stay in the kernel, and its window closes. */
  pause(): void {
    if (!this.#closed) this.#wire.pause();
  }

  resume(): void {
    if (!this.#closed) this.#wire.resume();
  }

  /**
   * STARTTLS: from now on the client speaks TLS. To be called when everything written has gone out. Ends the connection
   * of a client that can begin nothing any more.
   */
  startTls(): void {
    if (this.exhausted) this.end();
    else if (!this.ended) this.#secure(this);
  }

  /** For the listener: the wire as it is now. */
  get wire(): Wire {
    return this.#wire;
  }

  /** For the listener: the TLS socket that now stands over the plain one. */
  adopt(wire: Wire): void {
    this.#wire = wire;
  }

  /** For the listener: whether an event of `wire` concerns this connection still (the plain one under TLS does not). */
  isOver(wire: Wire): boolean {
    return this.#wire === wire;
  }

  /** For the listener: the socket takes more. */
  flush(): void {
    const queue = this.#queue;
    if (queue !== null) {
      let done = 0;
      while (done < queue.length) {
        const bytes = queue[done]!;
        const sent = this.#send(bytes);
        this.queued -= sent;
        if (sent > 0) this.stalls = 0;
        if (sent < bytes.length) {
          queue[done] = bytes.subarray(sent);
          queue.splice(0, done);
          return;
        }
        done++;
      }
      this.#queue = null;
    }
    if (this.ended) this.#wire.end();
    else this.conversation?.drained();
    this.#release();
  }

  /** For the listener: the client has sent its last octet. */
  exhaust(): void {
    if (this.exhausted || this.ended) return;
    this.exhausted = true;
    if (this.conversation === null) this.destroy();
    else this.conversation.exhausted();
  }

  /** For the listener: the connection is gone. */
  gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.ended = true;
    this.#queue = null;
    this.queued = 0;
    this.early = null;
    const conversation = this.conversation;
    this.conversation = null;
    this.#release();
    conversation?.closed();
  }

  #send(bytes: Uint8Array): number {
    // A socket that is closing answers -1; its close event follows.
    return Math.max(0, this.#wire.write(bytes));
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = null;
    if (waiters !== null) for (const resume of waiters) resume();
  }
}

const highWater = 256 * 1024;
