import { selected } from "../nodes/picture.ts";

/** A message whose only line of text is its name. */
export const messageNamed = (name: string, padding = 0): string =>
  `Subject: ${name}\r\n\r\n${name}\r\n${padding > 0 ? `${"x".repeat(padding)}\r\n` : ""}`;

/** The names of the messages in a folder, by UID; each must be whole. */
export async function namesIn(port: number, user: string, folder = "INBOX"): Promise<string[]> {
  const client = await selected(port, user, folder);
  const { lines } = await client.ok("UID FETCH 1:* BODY.PEEK[]");
  client.close();
  return lines.map((line) => {
    const told = /^\* \d+ FETCH [^\r]*\{(\d+)\}\r\n([\s\S]*)\)$/.exec(line);
    const [, size, source] = told ?? [];
    const text = source?.slice(0, Number(size)) ?? "";
    const name = /\r\n\r\n(\S+)\r\n/.exec(text)?.[1] ?? "";
    const padding = Math.max(0, /\r\n(x+)\r\n$/.exec(text)?.[1]?.length ?? 0);
    if (!text.endsWith(messageNamed(name, padding))) throw new Error(`A message is not whole: ${text.slice(0, 200)}`);
    return name;
  });
}
