/**
 * Takes the dots out of a DATA stream as it arrives in pieces of any size, and finds its end.
 *
 * Only CRLF "." CRLF ends the data (or "." CRLF at its very start); no other arrangement of CR, LF and dots does, so
 * that nobody can smuggle commands behind an end that another server does not see. Everything else passes untouched.
 *
 * @see RFC 5321 §4.5.2 (transparency), §2.3.8 (a line ends with CRLF and with nothing else)
 */
export class DotDecoder {
  #state: State = "crlf";

  /**
   * Hands decoded octets to `emit`, as views into `chunk` where possible. Answers the offset just behind the end of
   * the data, or -1 where it has not come yet.
   */
  decode(chunk: Buffer, emit: (bytes: Uint8Array) => void): number {
    let at = 0;
    let state = this.#state;
    const end = chunk.length;
    while (at < end) {
      if (state === "text" || state === "cr") {
        // Nothing is special inside a line but its end: jump to the next dot behind a line feed.
        if (state === "cr" && chunk[at] === lf) {
          emit(chunk.subarray(at, ++at));
          state = "crlf";
          continue;
        }
        const found = chunk.indexOf("\n.", at, "latin1");
        if (found < 0) {
          emit(at === 0 ? chunk : chunk.subarray(at));
          this.#state = stateAfter(chunk, at);
          return -1;
        }
        emit(chunk.subarray(at, found + 1));
        state = found > at && chunk[found - 1] === cr ? "crlf" : "lf";
        at = found + 1;
      } else if (state === "crlf") {
        if (chunk[at] === dot) {
          at++;
          state = "crlfDot";
        } else state = "text";
      } else if (state === "lf") {
        if (chunk[at] === dot) {
          at++;
          state = "lfDot";
        } else state = "text";
      } else if (state === "crlfDot") {
        // The dot is gone, whatever follows: "the first character is deleted".
        if (chunk[at] === cr) {
          at++;
          state = "crlfDotCr";
        } else state = "text";
      } else if (state === "crlfDotCr") {
        if (chunk[at] === lf) {
          this.#state = "crlf";
          return at + 1;
        }
        emit(oneCr);
        state = "cr";
      } else {
        // Clients that take a bare LF for a line end (Python's smtplib) double the dot there as well; a single one
        // was written by a client that does not, and is content.
        emit(oneDot);
        if (chunk[at] === dot) at++;
        state = "text";
      }
    }
    this.#state = state;
    return -1;
  }
}

/** What the octets decoded last were, where that matters for the next one. */
type State = "text" | "cr" | "lf" | "crlf" | "crlfDot" | "crlfDotCr" | "lfDot";

const cr = 0x0d;
const lf = 0x0a;
const dot = 0x2e;
const oneCr = Uint8Array.of(cr);
const oneDot = Uint8Array.of(dot);

function stateAfter(chunk: Buffer, from: number): State {
  const last = chunk[chunk.length - 1];
  if (last === cr) return "cr";
  if (last !== lf) return "text";
  return chunk.length - 2 >= from && chunk[chunk.length - 2] === cr ? "crlf" : "lf";
}
