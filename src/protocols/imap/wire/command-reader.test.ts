import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CommandReader } from "./command-reader.ts";
import type { AnnouncedLiteral, CommandReceiver, RawCommand, ReaderLimits, ReadFailure } from "./types.ts";

const limits: ReaderLimits = { lineLength: 200, literals: 100, streamAppend: true };
const octets = (text: string) => Buffer.from(text, "latin1");
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** A session that writes down what it is told, and goes on at once unless told to wait. */
class Script implements CommandReceiver {
  readonly heard: string[] = [];
  readonly commands: RawCommand[] = [];
  readonly failures: ReadFailure[] = [];
  readonly reader: CommandReader;
  waiting = false;
  rawNext = false;
  refusing = false;
  pushedBack = 0;

  constructor(own: Partial<ReaderLimits> = {}) {
    this.reader = new CommandReader(this, { ...limits, ...own });
  }

  send(...chunks: string[]): this {
    for (const chunk of chunks) this.reader.feed(octets(chunk));
    return this;
  }

  command(command: RawCommand): void {
    this.commands.push(command);
    this.heard.push(`${command.tag} ${command.uid ? "UID " : ""}${command.name} [${textOf(command.args)}]`);
    this.#goOn();
  }

  line(bytes: Uint8Array): void {
    this.heard.push(`line [${textOf(bytes)}]`);
    this.#goOn();
  }

  failed(failure: ReadFailure): void {
    this.failures.push(failure);
    this.heard.push(`${failure.tag ?? "*"} ${failure.why}${failure.fatal ? " fatal" : ""}`);
    this.#goOn();
  }

  literal({ literal, args }: AnnouncedLiteral): void {
    const kind = `${literal.binary ? "~" : ""}${literal.size}${literal.synchronising ? "" : "+"}`;
    this.heard.push(`announced ${kind} after [${textOf(args)}]`);
    if (this.refusing) {
      this.reader.refuse();
      return;
    }
    const parts: Uint8Array[] = [];
    this.reader.accept({
      write: (bytes) => parts.push(bytes),
      end: () => this.heard.push(`streamed [${textOf(Buffer.concat(parts))}]`),
    });
  }

  proceed(): void {
    this.heard.push("+");
  }

  hungry(): void {
    this.pushedBack++;
  }

  starved(): void {
    this.heard.push("starved");
  }

  #goOn(): void {
    if (this.waiting) return;
    if (this.rawNext) this.reader.nextLine();
    else this.reader.next();
  }
}

const heard = (...chunks: string[]) => new Script().send(...chunks).heard;

describe("commands", () => {
  test("tag, name in upper case, UID as a flag, arguments as sent", () => {
    expect(heard("a1 login Joe secret\r\n")).toEqual(["a1 LOGIN [Joe secret]"]);
    expect(heard("a1 NOOP\r\n")).toEqual(["a1 NOOP []"]);
    expect(heard("2.x uid fetch 1:* FLAGS\r\n")).toEqual(["2.x UID FETCH [1:* FLAGS]"]);
    expect(heard("t UID\r\n")).toEqual(["t UID []"]);
    expect(heard("t UID \r\n")).toEqual(["t UID []"]);
  });

  test("many in one chunk, one in many chunks", () => {
    expect(heard("1 NOOP\r\n2 CHECK\r\n3 NO", "OP", "\r", "\n4 X y\r\n")).toEqual([
      "1 NOOP []",
      "2 CHECK []",
      "3 NOOP []",
      "4 X [y]",
    ]);
  });

  test("a bare LF ends a line; a bare CR is part of it", () => {
    expect(heard("1 NOOP\n2 X a\rb\r\n")).toEqual(["1 NOOP []", "2 X [a\rb]"]);
  });

  test("an empty line is passed over, however it comes; inside IDLE and AUTHENTICATE a line is a line", () => {
    expect(heard("\r\n\n\r\n1 NOOP\r\n", "\r", "\n", "2 NOOP\r\n\r\n")).toEqual(["1 NOOP []", "2 NOOP []"]);
    expect(heard("a APPEND x {5+}\r\nHello\r\n\r\nb NOOP\r\n").at(-1)).toBe("b NOOP []");
    const script = new Script();
    script.rawNext = true;
    expect(script.send("1 IDLE\r\n", "\r\n").heard).toEqual(["1 IDLE []", "line []"]);
  });

  test("what has no tag, or no name, fails and does no harm to the next", () => {
    expect(heard(" \r\n", " NOOP\r\n", "+ NOOP\r\n", "a1\r\n", 'a2 "NOOP"\r\n', "a3  NOOP\r\n", "ok NOOP\r\n")).toEqual(
      ["* syntax", "* syntax", "* syntax", "a1 syntax", "a2 syntax", "a3 syntax", "ok NOOP []"],
    );
  });

  test("100,000 pipelined commands answered at once do not nest", () => {
    const script = new Script();
    script.send("a NOOP\r\n".repeat(100_000));
    expect(script.commands.length).toBe(100_000);
  });
});

describe("literals", () => {
  test("a small one is asked for with + and collected in place", () => {
    expect(heard("a LOGIN {3}\r\n", "Joe {6+}\r\nse\r\net\r\n")).toEqual([
      "+",
      "a LOGIN [{3}\r\nJoe {6+}\r\nse\r\net]",
    ]);
  });

  test("none, and one that looks like a command, are octets like others", () => {
    expect(heard("a X {0+}\r\n {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n")).toEqual([
      "a X [{0+}\r\n {8+}\r\nb NOOP\r\n]",
      "c NOOP []",
    ]);
  });

  test("braces elsewhere in a line announce nothing", () => {
    expect(heard('a X "{3}" {3\r\n', "b X {3+}y\r\n", "c X {}\r\n", "d X {3-}\r\n")).toEqual([
      'a X ["{3}" {3]',
      "b X [{3+}y]",
      "c X [{}]",
      "d X [{3-}]",
    ]);
  });

  test("a command name right before one is no name", () => {
    expect(heard("a APPEND{5+}\r\nINBOX x\r\nc NOOP\r\n")).toEqual(["a syntax", "c NOOP []"]);
  });

  test("too big and synchronising: refused before it is sent", () => {
    expect(heard("a LOGIN {101}\r\n", "b NOOP\r\n")).toEqual(["a literalTooBig", "b NOOP []"]);
    expect(heard(`a LOGIN {${"9".repeat(40)}}\r\n`, "b NOOP\r\n")).toEqual(["a literalTooBig", "b NOOP []"]);
  });

  test("too big and not synchronising: skipped to the octet, with the rest of the command", () => {
    const big = "x\r\n".repeat(50);
    expect(heard(`a LOGIN {150+}\r\n${big} {4+}\r\n{9}\n {200+}\r\n${"\n".repeat(200)} end\r\nb NOOP\r\n`)).toEqual([
      "a literalTooBig",
      "b NOOP []",
    ]);
  });

  test("the limit is on all literals of a command together", () => {
    expect(heard(`a X {60+}\r\n${"y".repeat(60)} {60}\r\n`, "b NOOP\r\n")).toEqual(["a literalTooBig", "b NOOP []"]);
  });

  test("one that no stream can hold ends the connection", () => {
    const script = new Script().send(`a X {${2 ** 53}+}\r\n`, "b NOOP\r\n");
    expect(script.heard).toEqual(["a literalTooBig fatal"]);
    expect(script.reader.feed(octets("c NOOP\r\n"))).toBe(false);
  });
});

describe("APPEND", () => {
  test("its message streams, its mailbox is collected", () => {
    expect(heard("a APPEND {5+}\r\nINBOX (\\Seen) {12}\r\n", "Hello\r\n", "all\r\n\r\nb NOOP\r\n")).toEqual([
      "announced 12 after [{5+}\r\nINBOX (\\Seen) ]",
      "streamed [Hello\r\nall\r\n]",
      "a APPEND [{5+}\r\nINBOX (\\Seen) {12}\r\n]",
      "b NOOP []",
    ]);
  });

  test("UTF8 (~{n}) goes on behind the literal", () => {
    const script = new Script().send("a APPEND x UTF8 (~{2+}\r\n\0\0)\r\n");
    expect(script.heard).toEqual([
      "announced ~2+ after [x UTF8 (]",
      "streamed [\0\0]",
      "a APPEND [x UTF8 (~{2+}\r\n)]",
    ]);
    expect(script.commands[0]!.literals).toEqual([{ size: 2, synchronising: false, binary: true, streamed: true }]);
  });

  test("refused: nothing is streamed, and the next command is read as sent", () => {
    const script = new Script();
    script.refusing = true;
    script.send("a APPEND x {5}\r\nb APPEND x {5+}\r\nc NO\n more\r\nd NOOP\r\n");
    expect(script.heard).toEqual([
      "announced 5 after [x ]",
      "a refused",
      "announced 5+ after [x ]",
      "b refused",
      "d NOOP []",
    ]);
  });

  test("may be answered later, and its sink may hold the stream back", () => {
    const script = new Script();
    const written: string[] = [];
    script.literal = ({ literal }) => written.push(`announced ${literal.size}`);
    script.send("a APPEND x {4+}\r\nab");
    expect(script.reader.hungry).toBe(false);
    script.reader.accept({
      write: (bytes) => {
        written.push(textOf(bytes));
        script.reader.hold();
      },
      end: () => written.push("end"),
    });
    expect(script.reader.feed(octets("cd\r\n"))).toBe(false);
    expect(written).toEqual(["announced 4", "ab"]);
    script.reader.resume();
    expect(written).toEqual(["announced 4", "ab", "cd"]);
    script.reader.resume();
    expect(written).toEqual(["announced 4", "ab", "cd", "end"]);
    expect(script.heard).toEqual(["a APPEND [x {4+}\r\n]"]);
    expect(script.pushedBack).toBe(2);
  });

  test("an empty message ends at once", () => {
    expect(heard("a APPEND x {0+}\r\n\r\n")).toEqual([
      "announced 0+ after [x ]",
      "streamed []",
      "a APPEND [x {0+}\r\n]",
    ]);
  });

  test("before login it is a literal like others", () => {
    const script = new Script({ streamAppend: false }).send("a APPEND x {101+}\r\n", "y".repeat(101), "\r\nb NOOP\r\n");
    expect(script.heard).toEqual(["a literalTooBig", "b NOOP []"]);
  });
});

describe("one command at a time", () => {
  test("what follows waits for next, and the socket is told to wait", () => {
    const script = new Script();
    script.waiting = true;
    script.send("1 NOOP\r\n");
    expect(script.reader.hungry).toBe(true);
    expect(script.reader.feed(octets("2 NO"))).toBe(false);
    expect(script.reader.feed(octets("OP\r\n3 "))).toBe(false);
    expect(script.heard).toEqual(["1 NOOP []"]);
    script.reader.next();
    expect(script.heard).toEqual(["1 NOOP []", "2 NOOP []"]);
    expect(script.pushedBack).toBe(0);
    script.reader.next();
    expect(script.pushedBack).toBe(1);
    expect(script.reader.feed(octets("NOOP\r\n"))).toBe(true);
    expect(script.heard.at(-1)).toBe("3 NOOP []");
  });

  test("behind the client's last octet what is whole is still handed over, and what is not is not", () => {
    const script = new Script();
    script.waiting = true;
    script.send("1 NOOP\r\n2 NOOP\r\n3 NOO");
    script.reader.end();
    expect(script.heard).toEqual(["1 NOOP []"]);
    script.reader.next();
    expect(script.heard).toEqual(["1 NOOP []", "2 NOOP []"]);
    script.reader.next();
    expect(script.heard).toEqual(["1 NOOP []", "2 NOOP []", "starved"]);
  });

  test("the client's last octet may be one of a literal, of a refused one, or of a line asked for", () => {
    for (const said of ["a LOGIN {5}\r\nab", "a APPEND x {4+}\r\nab", "a X {500+}\r\nab", "a X"]) {
      const script = new Script().send(said);
      script.reader.end();
      expect(script.heard.at(-1)).toBe("starved");
    }
    const idling = new Script();
    idling.rawNext = true;
    idling.send("a IDLE\r\n").reader.end();
    expect(idling.heard).toEqual(["a IDLE []", "starved"]);
  });

  test("a sink that holds the stream back is waited for behind the client's last octet", () => {
    const script = new Script();
    const written: string[] = [];
    script.literal = () =>
      script.reader.accept({
        write: (bytes) => {
          written.push(textOf(bytes));
          script.reader.hold();
        },
        end: () => written.push("end"),
      });
    script.send("a APPEND x {2+}\r\nab\r\n").reader.end();
    expect(written).toEqual(["ab"]);
    script.reader.resume();
    expect([...written, ...script.heard]).toEqual(["ab", "end", "a APPEND [x {2+}\r\n]", "starved"]);
  });

  test("a raw line is not looked into: IDLE's DONE, SASL", () => {
    const script = new Script();
    script.rawNext = true;
    script.send("1 IDLE\r\nDO", "NE\r\n", "AGpvZQ== {5+}\r\n");
    expect(script.heard).toEqual(["1 IDLE []", "line [DONE]", "line [AGpvZQ== {5+}]"]);
  });

  test("discard forgets what was pipelined behind STARTTLS", () => {
    const script = new Script();
    script.waiting = true;
    script.send("1 STARTTLS\r\n2 LOGIN mallory x\r\n3 NO");
    script.reader.discard();
    script.reader.next();
    script.send("4 NOOP\r\n");
    expect(script.heard).toEqual(["1 STARTTLS []", "4 NOOP []"]);
  });
});

describe("long lines", () => {
  test("of exactly the limit are read, of one more are not", () => {
    const line = (length: number) => `a X ${"y".repeat(length - 4)}\r\n`;
    expect(new Script().send(line(200)).commands.length).toBe(1);
    expect(heard(line(201), "b NOOP\r\n")).toEqual(["a lineTooLong", "b NOOP []"]);
  });

  test("dripped in are answered with their tag once they end", () => {
    const script = new Script();
    script.send("tag X ");
    for (let i = 0; i < 1000; i++) script.send("y");
    expect(script.heard).toEqual([]);
    expect(script.send("\r\nb NOOP\r\n").heard).toEqual(["tag lineTooLong", "b NOOP []"]);
  });

  test("have their literals skipped", () => {
    const long = "y".repeat(500);
    expect(heard(`a X ${long} {9`, "+", "}\r", "\nb NOOP\r\n {3+}\r\n\r\n\r c\r\nd NOOP\r\n")).toEqual([
      "a lineTooLong",
      "d NOOP []",
    ]);
    expect(heard(`a X ${long} {9}\r\nb NOOP\r\n`)).toEqual(["a lineTooLong", "b NOOP []"]);
  });

  test("count as one over all lines of a command", () => {
    const part = `${"y".repeat(90)} {1+}\r\nz`;
    expect(heard(`a X ${part}${part}${part}\r\nb NOOP\r\n`)).toEqual(["a lineTooLong", "b NOOP []"]);
  });

  test("that never end are given up", () => {
    const script = new Script();
    for (let i = 0; i < 100; i++) script.send("y".repeat(100));
    expect(script.heard).toEqual(["* lineTooLong fatal"]);
  });

  test("raw ones fail without a tag", () => {
    const script = new Script();
    script.rawNext = true;
    script.send("1 IDLE\r\n", "y".repeat(300), "\r\n", "DONE\r\n");
    expect(script.heard).toEqual(["1 IDLE []", "* lineTooLong", "line [DONE]"]);
  });
});

describe("memory", () => {
  test("10,000 idle readers take less than 300 octets each, buffers included", () => {
    const receiver = new Script();
    const readers: CommandReader[] = [];
    const taken = () => {
      Bun.gc(true);
      const { heapSize, extraMemorySize } = heapStats();
      return heapSize + extraMemorySize;
    };
    receiver.waiting = true;
    const before = taken();
    for (let i = 0; i < 10_000; i++) {
      const reader = new CommandReader(receiver, limits);
      for (const part of ["a LOG", "IN {3+}\r\nJo", "e x\r", "\n"]) reader.feed(octets(part));
      reader.next();
      readers.push(reader);
    }
    expect(receiver.commands.length).toBe(10_000);
    receiver.heard.length = receiver.commands.length = 0;
    expect((taken() - before) / readers.length).toBeLessThan(300);
    expect(readers.every((reader) => reader.hungry)).toBe(true);
  });
});

describe("properties", () => {
  type Sent = { tag: string; name: string; parts: (string | [boolean, string])[] };
  const repeated = (piece: string, most: number) => fc.nat(most).map((count) => piece.repeat(count));
  const literal: fc.Arbitrary<[boolean, string]> = fc.tuple(
    fc.boolean(),
    fc.oneof(
      fc.string({ unit: fc.constantFrom("\r", "\n", "x", "{", "}", "1", " "), maxLength: 30 }),
      repeated("a {1+}\r\n", 20),
    ),
  );
  const command: fc.Arbitrary<Sent> = fc.record({
    tag: fc.stringMatching(/^[a-z0-9.]{1,8}$/),
    name: fc.constantFrom("NOOP", "LOGIN", "UID FETCH", "APPEND"),
    parts: fc.array(fc.oneof(fc.stringMatching(/^[a-z()"]{1,12}$/), repeated("word", 30), literal), { maxLength: 4 }),
  });
  const literalText = ([plus, text]: [boolean, string]) => `{${text.length}${plus ? "+" : ""}}\r\n${text}`;
  const sent = ({ tag, name, parts }: Sent) =>
    `${[tag, name, ...parts.map((part) => (typeof part === "string" ? part : literalText(part)))].join(" ")}\r\n`;

  test("however the stream is cut, the same is heard", () => {
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 6 }),
        fc.array(fc.nat(1500)),
        fc.boolean(),
        (commands, cuts, refusing) => {
          const stream = commands.map(sent).join("");
          const whole = new Script();
          whole.refusing = refusing;
          whole.send(stream);
          const pieces = new Script();
          pieces.refusing = refusing;
          let from = 0;
          for (const cut of [...new Set(cuts)].sort((a, b) => a - b)) {
            pieces.send(stream.slice(from, Math.max(from, cut)));
            from = Math.max(from, cut);
          }
          pieces.send(stream.slice(from));
          expect(pieces.heard).toEqual(whole.heard);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("each command is heard whole, or fails for the limit it passes first and for nothing else", () => {
    const expected = ({ tag, name, parts }: Sent) => {
      let text = `${tag} ${name}`;
      let args = "";
      let literals = 0;
      for (const part of parts) {
        const [head, body] = typeof part === "string" ? [part, ""] : [`{${part[1].length}+}\r\n`, part[1]];
        text += ` ${head}`;
        args += `${args === "" ? "" : " "}${head}${body}`;
        if (text.length > 202) return `${tag} lineTooLong`;
        literals += body.length;
        if (literals > 100) return `${tag} literalTooBig`;
      }
      if (text.length > 200) return `${tag} lineTooLong`;
      return `${tag} ${name} [${args}]`;
    };
    const pipelined = command.map(({ tag, name, parts }) => ({
      tag,
      name: name === "APPEND" ? "NOOP" : name,
      parts: parts.filter((part) => part !== "").map((part) => (typeof part === "string" ? part : [true, part[1]])),
    })) as fc.Arbitrary<Sent>;
    fc.assert(
      fc.property(fc.array(pipelined, { maxLength: 8 }), fc.integer({ min: 1, max: 300 }), (commands, size) => {
        const stream = commands.map(sent).join("");
        const script = new Script();
        for (let at = 0; at < stream.length; at += size) script.send(stream.slice(at, at + size));
        expect(script.heard).toEqual(commands.map(expected));
      }),
      { numRuns: 1000 },
    );
  });

  test("octets of any kind, in any pieces, end in no exception and in bounded memory", () => {
    const noise = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom("a APPEND x {10+}\r\n", "{5+}\r\n", "\r\n", "b X {3}\r\n", "~{2+}\r\n").map(octets),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(noise, (chunks) => {
        const script = new Script();
        for (const chunk of chunks) script.reader.feed(chunk);
        for (const { args } of script.commands) expect(args.length).toBeLessThanOrEqual(302);
      }),
      { numRuns: 1000 },
    );
  });
});
