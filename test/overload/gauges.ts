import type { TestServer } from "../server.ts";

/** What GET /metrics says at this moment, by name with labels: `eider_refused_total{protocol="lmtp",reason="busy"}`. */
export async function readMetrics(server: TestServer): Promise<(name: string) => number> {
  const text = await (await fetch(`http://127.0.0.1:${server.http}/metrics`)).text();
  const values = new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
  return (name) => values.get(name) ?? 0;
}
