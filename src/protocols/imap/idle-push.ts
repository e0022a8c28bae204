import { tagged } from "./dispatch.ts";
import type { Session } from "./session.ts";
import { tellNews } from "./tell-news.ts";

/**
 * IDLE while it lasts (RFC 2177): tells the client news as it is announced. A client that reads slowly is told when
 * it has taken what it was told before; meanwhile news piles up in the view, folded and bounded.
 */
export class IdlePush {
  readonly #session: Session;
  readonly #tag: string;
  #telling: Promise<void> | null = null;

  constructor(session: Session, tag: string) {
    this.#session = session;
    this.#tag = tag;
  }

  /** There may be news. */
  push(): void {
    const { view, socket } = this.#session;
    if (this.#telling !== null || view === null || socket.queued > 0) return;
    if (view.gone) this.#session.bye("Selected mailbox was deleted");
    else if (view.news) this.#telling = this.#tell();
  }

  /** Shows the client, and whatever translates addresses between us, that the connection is alive; asks for news. */
  tick(): void {
    const session = this.#session;
    session.socket.write("* OK Still here\r\n");
    if (session.view === null) return;
    session.ask({ kind: "catchUp" }).then(
      () => this.push(),
      (error) => session.log().warn({ err: error }, "cannot look for news"),
    );
  }

  /** The client's next line ends it; it should be DONE. */
  async finish(line: Uint8Array): Promise<void> {
    const session = this.#session;
    session.idle = null;
    await this.#telling;
    session.borrowOutput();
    const done = line.length === 4 && Buffer.from(line).toString("latin1").toUpperCase() === "DONE";
    if (done) await tellNews(session, "release");
    else session.badCommand();
    tagged(
      session,
      this.#tag,
      done ? { status: "OK", text: "IDLE completed" } : { status: "BAD", text: "Expected DONE" },
    );
    session.returnOutput();
    if (session.view?.gone) session.bye("Selected mailbox was deleted");
  }

  async #tell(): Promise<void> {
    const session = this.#session;
    session.borrowOutput();
    let told = false;
    try {
      await tellNews(session, "release");
      told = true;
    } catch (error) {
      session.log().warn({ err: error }, "cannot tell news");
    }
    session.returnOutput();
    this.#telling = null;
    // What could not be told is tried again at the next tick, not in a circle.
    if (told && session.idle === this) this.push();
  }
}
