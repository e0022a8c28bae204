const words =
  "river stone letter morning garden window paper winter market bridge silver evening harbour copper lantern meadow".split(
    " ",
  );

/** A plain message of exactly `size` octets, like any other of its size but for its number: no two are the same. */
export function message(number: number, size: number): Uint8Array {
  const word = (at: number) => words[(number * 7 + at * 3) % words.length]!;
  const date = new Date(Date.UTC(2024, 0, 1) + number * 61_000).toUTCString().replace("GMT", "+0000");
  const head = [
    "Received: from mx.example.org (mx.example.org [192.0.2.7]) by mail.example.com with ESMTPS;",
    `\t${date}`,
    `From: "${word(1)} ${word(2)}" <${word(1)}.${number % 97}@example.org>`,
    `To: "${word(4)}" <${word(4)}@example.com>, ${word(5)}@example.net`,
    `Subject: ${word(6)} ${word(7)} ${word(8)} no. ${number}`,
    `Date: ${date}`,
    `Message-ID: <${number}.${size}.bench@example.org>`,
    `In-Reply-To: <${number - 1}.${size}.bench@example.org>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    "",
  ].join("\r\n");
  const bytes = Buffer.alloc(size, "The quick brown fox writes a line of seventy characters, and another!\r\n");
  bytes.write(head, 0, "latin1");
  bytes.write("\r\n", size - 2, "latin1");
  return bytes;
}
