import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FileWindow } from "./file-window.ts";
import { noFlags, withMailLineBreaks } from "./mail-file.ts";
import { detectMbox, type MboxFormat } from "./mbox-format.ts";
import { messagesOf } from "./read-mbox.ts";
import { mboxEntry } from "./write-mbox.ts";

type How = { format?: MboxFormat; chunk?: number };
function everything(mbox: string, { format, chunk }: How = {}) {
  return [...messagesOf(FileWindow.ofBytes(Buffer.from(mbox, "latin1"), chunk), "box", format ?? "auto")];
}
function read(mbox: string, how: How = {}) {
  return everything(mbox, how).flatMap((each) => (each.kind === "message" ? [each.message] : []));
}
const texts = (messages: { bytes: Uint8Array }[]) => messages.map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
const kind = (mbox: string) => detectMbox(FileWindow.ofBytes(Buffer.from(mbox, "latin1"))).format;
const from = "From alice@example.com Sat Jan  3 01:05:34 1996\n";
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);

describe("separators", () => {
  test("stand behind empty lines, and other lines with From are text", () => {
    const mbox = `${from}Subject: 1\n\nbody\nFrom here on it is text 12:00 1996\n\nFrom a friend, without a date\n\n${from}Subject: 2\n\nb\n`;
    expect(texts(read(mbox))).toEqual([
      "Subject: 1\r\n\r\nbody\r\nFrom here on it is text 12:00 1996\r\n\r\nFrom a friend, without a date\r\n",
      "Subject: 2\r\n\r\nb\r\n",
    ]);
  });

  test("are found whatever pieces the file is read in", () => {
    const mbox = `${from}A: 1\n\nx\n\n${from}B: 2\n\n>From y\n\n${from}C: 3\n\n\n\n`;
    const whole = texts(read(mbox));
    expect(whole).toHaveLength(3);
    for (const chunk of [16, 17, 50, 51, 100]) expect(texts(read(mbox, { chunk }))).toEqual(whole);
  });

  test.each([
    ["From a@b Sat Jan  3 01:05:34 1996", "1996-01-03T01:05:34Z"],
    ["From a@b Sat Jan  3 01:05:34 1996 +0200", "1996-01-02T23:05:34Z"],
    ["From a@b Sat Jan  3 01:05:34 +0200 1996", "1996-01-02T23:05:34Z"],
    ["From a@b Sat Jan  3 01:05 1996", "1996-01-03T01:05:00Z"],
    ["From a@b Sat Jan  3 01:05:34 1996 PST", "1996-01-03T09:05:34Z"],
    ["From a@b Sat Jan  3 01:05:34 MET DST 1996", "1996-01-03T01:05:34Z"],
    ["From a@b Sat Jan  3 01:05:34 1996 (+0700)", "1996-01-02T18:05:34Z"],
    ["From a@b Sat, 3 Jan 1996 01:05:34 +0700 (WIB)", "1996-01-02T18:05:34Z"],
    ["From a!b!c Sat Jan  3 01:05:34 1996 remote from x", "1996-01-03T01:05:34Z"],
    ["From MAILER-DAEMON Fri Jul  8 12:08:34 2011", "2011-07-08T12:08:34Z"],
    ["From 1501@xxx Mon Sep 04 19:22:05 +0000 2017", "2017-09-04T19:22:05Z"],
    ["From - Mon Sep 04 19:22:05 2017", "2017-09-04T19:22:05Z"],
    ['From "A B"@c.example Mon Sep 04 19:22:05 2017', "2017-09-04T19:22:05Z"],
    ["From a@b 2017-09-04T19:22:05+02:00", "2017-09-04T17:22:05Z"],
    ["From  Thu Jan  1 00:00:01 1970", "1970-01-01T00:00:01Z"],
    // Nothing of these says when: the message itself does.
    ["From ", "2001-02-03T04:05:06Z"],
    ["From", "2001-02-03T04:05:06Z"],
    ["From a@b", "2001-02-03T04:05:06Z"],
    ["From a@b Sat Jan  3 01:05:34 96", "2001-02-03T04:05:06Z"],
    ["From ???@??? somewhen", "2001-02-03T04:05:06Z"],
  ])("%j begins a message behind an empty line, and says its date", (line, date) => {
    for (const end of ["\n", "\r\n"]) {
      const message = ["Subject: x", "Date: Sat, 3 Feb 2001 04:05:06 +0000", "", "body", ""].join(end);
      const found = read(`${line}${end}${message}${end}${line}${end}${message}${end}`);
      expect(found.map((each) => each.date)).toEqual([new Date(date), new Date(date)]);
      expect(texts(found)[1]).toBe(message.replaceAll(/\r?\n/g, "\r\n"));
    }
  });

  test("behind text begins one with its date if a well-known field follows, as Dovecot and mutt have it", () => {
    expect(read(`${from}Subject: 1\n\nbody\n${from}Subject: 2\n\nb\n`)).toHaveLength(2);
    expect(read(`${from}Subject: 1\n\nbody\n${from}and more text\n`)).toHaveLength(1);
  });

  test("what is no mbox gives nothing", () => {
    expect(everything("Subject: x\n\nFrom\n")).toEqual([]);
    expect(everything("From here on\nit is text")).toEqual([]);
    expect(everything("")).toEqual([]);
  });
});

describe("Content-Length", () => {
  // As Dovecot 2.3.19 wrote it. Of the first message a line in the body is dated and not quoted.
  const padding = " ".repeat(71);
  const dovecot = `From mail@vm  Fri Nov 27 15:40:27 2026
Subject: x
From: a@b
X-IMAPbase: 1795794027 0000000005 Custom $Forwarded NonJunk
X-UID: 1
Status: RO
X-Status: AFTD
X-Keywords: Custom $Forwarded NonJunk${" ".repeat(42)}
Content-Length: 58

hello

From bob@x Sat Jan  3 01:05:34 1996
inside
>From q

From mail@vm  Fri Nov 27 15:40:27 2026
Subject: q
X-UID: 3
Status: O
X-Keywords:${padding}
Content-Length: 5

abc


From mail@vm  Fri Nov 27 15:40:27 2026
Subject: no body
X-UID: 5
Status: RO
X-Keywords:${padding}
Content-Length: 1



`;

  test("of a file by Dovecot says where messages end, and nothing is unquoted", () => {
    const found = read(dovecot);
    expect(kind(dovecot)).toBe("mboxcl2");
    expect(texts(found)).toEqual([
      "Subject: x\r\nFrom: a@b\r\n\r\nhello\r\n\r\nFrom bob@x Sat Jan  3 01:05:34 1996\r\ninside\r\n>From q\r\n",
      "Subject: q\r\n\r\nabc\r\n\r\n",
      "Subject: no body\r\n\r\n\r\n",
    ]);
    const { forwarded, ...all } = noFlags;
    expect(found[0]!.flags).toEqual({
      forwarded,
      ...Object.fromEntries(Object.keys(all).map((flag) => [flag, true])),
    } as typeof noFlags);
    expect(found.map(({ keywords }) => keywords)).toEqual([["Custom", "$Forwarded", "NonJunk"], [], []]);
    expect(found.map(({ flags }) => flags.seen)).toEqual([true, false, true]);
  });

  test("of a file by mutt, which has Lines too", () => {
    const mutt = `From root Fri Nov 27 15:47:30 2026
Subject: raw
Status: O
X-Status: AF
Content-Length: 73
Lines: 7

hello

From bob@x Sat Jan  3 01:05:34 1996
Subject: z

From home
>From q

`;
    const [only, none] = read(mutt);
    expect(none).toBeUndefined();
    expect(bodyOf(texts([only!])[0]!)).toBe(
      "hello\r\n\r\nFrom bob@x Sat Jan  3 01:05:34 1996\r\nSubject: z\r\n\r\nFrom home\r\n>From q\r\n",
    );
    expect(only!.flags).toEqual({ ...noFlags, answered: true, flagged: true });
  });

  test("of a sender, in a file that has none of its own, hides no message behind it", () => {
    const rest = `${from}Subject: 2\n\nsecond\n\n${from}Subject: 3\n\nthird\n\n`;
    const liar = `${from}Subject: 1\nContent-Length: ${7 + rest.length}\n\nfirst\n\n`;
    const honest = `${from}Subject: 4\n\nfourth\n`;
    expect(texts(read(liar + rest + honest)).map(bodyOf)).toEqual(
      ["first", "second", "third", "fourth"].map((word) => `${word}\r\n`),
    );
  });

  test("of some messages says that those are not quoted, and the others are", () => {
    const delivered = `${from}Subject: 2\n\n>From z\n`;
    expect(texts(read(`${dovecot}${delivered}`)).map(bodyOf)).toEqual([
      "hello\r\n\r\nFrom bob@x Sat Jan  3 01:05:34 1996\r\ninside\r\n>From q\r\n",
      "abc\r\n\r\n",
      "\r\n",
      "From z\r\n",
    ]);
  });

  test("that is wrong counts for nothing", () => {
    for (const length of ["3", "5000", "x", "-1", "99999999999999999999"]) {
      const mbox = `${from}Subject: 1\nContent-Length: ${length}\n\nfirst\n\n${from}Subject: 2\n\nsecond\n`;
      expect(texts(read(mbox)).map(bodyOf)).toEqual(["first\r\n", "second\r\n"]);
    }
  });
});

describe("kinds", () => {
  const length = (body: string) => `${from}A: b\nContent-Length: ${body.length}\n\n${body}\n`;
  const body = "a\n\n>From b Sat Jan  3 01:05:34 1996\n\n>>From c\n";

  test("are told apart by what is in the file", () => {
    expect(kind(`${from}A: b\n\nx\n`)).toBe("mboxrd");
    expect(kind(length(body) + length("x\n"))).toBe("mboxcl");
    expect(kind(length(body) + length("x\nFrom y\n"))).toBe("mboxcl2");
    expect(kind(length(body).replace("Content", "X-UID: 1\nContent"))).toBe("mboxcl2");
    // A quotation of two levels, in which this line too was there before.
    expect(kind(`${from}A: b\n\n>> x\n>>From c\n>> y\n`)).toBe("mboxo");
    expect(kind(`${from}A: b\n\n> x\n>>From c\n> y\n`)).toBe("mboxrd");
    expect(
      kind(mboxEntry({ bytes: Buffer.from("A: b\r\n\r\n>>x\r\n>From c\r\n>>y\r\n"), date: new Date(0) }).toString()),
    ).toBe("mboxrd");
  });

  test("undo their own quoting and no other", () => {
    const [c, b] = ["From c", "From b Sat Jan  3 01:05:34 1996"];
    const expected = {
      mboxo: [`a\n\n${b}\n\n>>${c}\n`],
      mboxrd: [`a\n\n${b}\n\n>${c}\n`],
      mboxcl: [`a\n\n${b}\n\n>>${c}\n`],
      mboxcl2: [body],
    };
    for (const format of Object.keys(expected) as MboxFormat[]) {
      const bodies = texts(read(length(body), { format })).map((text) => bodyOf(text).replaceAll("\r\n", "\n"));
      expect(bodies).toEqual(expected[format]);
    }
  });

  test("said on the command line win over what shows", () => {
    const mbox = length("a\n\nFrom b Sat Jan  3 01:05:34 1996\nx\n");
    expect(read(mbox)).toHaveLength(1);
    expect(read(mbox, { format: "mboxrd" })).toHaveLength(2);
  });
});

describe("fields of the mbox", () => {
  const flagsOf = (fields: string) => {
    const [message] = read(`${from}Subject: x\n${fields}\n\nStatus: RO\nX-Status: D\n`);
    const set = Object.entries(message!.flags).flatMap(([flag, is]) => (is ? [flag] : []));
    return [set.sort().join(" "), texts([message!])[0]!.split("\r\n\r\n", 1)[0]];
  };

  test.each([
    ["Status: RO", "seen"],
    ["Status: R\nX-Status: ADFT", "answered deleted draft flagged seen"],
    ["status:RO", "seen"],
    ["Status:\nX-Status: ", ""],
    // Letters of the other field.
    ["Status: AFD\nX-Status: RO", ""],
    ["X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000", "seen"],
    ["X-Mozilla-Status: 1007", "answered flagged forwarded seen"],
    ["X-Mozilla-Status: 0000\nX-Mozilla-Status2: 00200000", "deleted"],
    ["X-UID: 7\nX-IMAPbase: 1 7\nContent-Length: 999\nX-Keywords: a", ""],
  ])("%j are flags, and go", (fields, flags) => {
    expect(flagsOf(fields)).toEqual([flags, "Subject: x"]);
  });

  test.each(["Status: delivered", "X-Status: Forward", "Status: RO please", "X-Mozilla-Status: read", "X-UID: a"])(
    "%j is the author's own, and stays",
    (field) => {
      expect(flagsOf(field)).toEqual(["", `Subject: x\r\n${field}`]);
    },
  );

  test("are keywords, folded or not, and what can be none is told", () => {
    const [message] = read(`${from}X-Keywords: Work\n  $Label1\nX-Mozilla-Keys: NonJunk a(b\nSubject: x\n\nx\n`);
    expect(message).toMatchObject({ keywords: ["Work", "$Label1", "NonJunk"], badKeywords: ["a(b"] });
    expect(texts([message!])).toEqual(["Subject: x\r\n\r\nx\r\n"]);
  });

  test("of a message are looked for as they were stored before, too", () => {
    const [message] = read(`${from}Status: RO\nSubject: x\n\nx\n`);
    expect(texts([message!, { bytes: message!.asFound! }])).toEqual([
      "Subject: x\r\n\r\nx\r\n",
      "Status: RO\r\nSubject: x\r\n\r\nx\r\n",
    ]);
  });

  test("a deleted message that Thunderbird has not compacted away is left out and named", () => {
    const of = (status: string, subject: string) =>
      `From \nX-Mozilla-Status: ${status}\nX-Mozilla-Status2: 00000000\nSubject: ${subject}\n\nx\n\n`;
    const found = everything(of("0001", "1") + of("0009", "2") + of("0000", "3"));
    expect(found.map((each) => (each.kind === "message" ? each.kind : [each.kind, each.source, each.why]))).toEqual([
      "message",
      ["omitted", "box, message 2", "it was deleted in Thunderbird, and is there until the folder is compacted"],
      "message",
    ]);
  });

  test("the message in which UW and Dovecot keep what they know of a folder is none, if it is the first", () => {
    const internal = `From MAILER-DAEMON Sat Jan  3 01:05:34 1996
Date: 03 Jan 1996 01:05:34 +0000
From: Mail System Internal Data <MAILER-DAEMON@vm>
Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA
Message-ID: <820631134@vm>
X-IMAP: 0820631134 0000000002 Custom
Status: RO

This text is part of the internal format of your mail folder, and is not
a real message.

`;
    const mail = `${from}Subject: x\n\nx\n\n`;
    expect(everything(internal + mail).map((each) => each.kind)).toEqual(["omitted", "message"]);
    // Dovecot 2.3.19 gives it no Content-Length, and one to all that follow.
    const body = `${from}Subject: inside\n\nx\n`;
    const counted = `${from}Subject: x\nX-UID: 3\nContent-Length: ${body.length + 1}\n\n\n${body}\n`;
    expect(everything(internal + counted).map((each) => each.kind)).toEqual(["omitted", "message"]);
    expect(everything(mail + internal).map((each) => each.kind)).toEqual(["message", "message"]);
  });
});

test("mboxEntry, read again, gives the same bytes, quoted lines, odd line ends and fields of its own included", async () => {
  const line = fc.constantFrom(
    "From a@b Sat Jan  3 01:05:34 1996",
    ">From x",
    ">>From ",
    "text",
    "",
    "\r",
    " From",
    "\u00ff\u0000",
    "Status: RO",
    "Content-Length: 3",
  );
  const ending = fc.constantFrom("\r\n", "\n");
  const message = fc
    .array(fc.tuple(line, ending), { minLength: 1, maxLength: 12 })
    .map((lines) => `A: b\r\n${lines.map((pair) => pair.join("")).join("")}`);
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
      const date = new Date("2024-02-29T12:34:56Z");
      const mbox = Buffer.concat(messages.map((text) => mboxEntry({ bytes: Buffer.from(text, "latin1"), date })));
      const found = read(mbox.toString("latin1"), { chunk: 100 });
      expect(texts(found)).toEqual(messages);
      expect(found.every((entry) => entry.date.getTime() === date.getTime())).toBe(true);
    }),
  );
});

test("a file that grows is read in proportion, whatever its messages say of their lengths", () => {
  const shapes = {
    small: (n: number) => `${from}Subject: ${n}\n\nx\n\n`,
    "wrong lengths": () => `${from}Content-Length: 123456\n\nx\n\n`,
    "lines like separators": () => `${from}A: b\n\n${"\nFrom x\n".repeat(20)}\n`,
    "a length over all that follows": (n: number, of: number) =>
      `${from}Content-Length: ${String((of - n - 1) * 100).padStart(9, "0")}\n\n`.padEnd(100 - 2, "x").concat("\n\n"),
  };
  const readings = (shape: (n: number, of: number) => string, count: number) => {
    const mbox = Buffer.from(Array.from({ length: count }, (_, n) => shape(n, count)).join(""));
    const file = FileWindow.ofBytes(mbox, 32 * 1024);
    let found = 0;
    for (const _ of messagesOf(file, "box")) found += 1;
    expect(found).toBeGreaterThan(0);
    return file.octetsRead / mbox.length;
  };
  for (const shape of Object.values(shapes)) {
    expect(readings(shape, 8000)).toBeLessThan(readings(shape, 2000) * 1.5);
  }
});

test("withMailLineBreaks gives CRLF to what has LF alone, and leaves all else", () => {
  const convert = (text: string) => Buffer.from(withMailLineBreaks(Buffer.from(text, "latin1"))).toString("latin1");
  expect(convert("a\nb\n\n")).toBe("a\r\nb\r\n\r\n");
  expect(convert("a\r\nb\n")).toBe("a\r\nb\n");
  expect(convert("a\rb")).toBe("a\rb");
});
