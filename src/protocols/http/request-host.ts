import { isLoopback } from "../plaintext.ts";

/**
 * Whether a page of another site may stand behind the request: a browser says Origin for such pages, and where the
 * page's own name was made to lead here (DNS rebinding) that name is in Host.
 */
export function maybeFromForeignPage(headers: Headers, ownName: string): boolean {
  if (headers.has("origin")) return true;
  const host = headers.get("host") ?? "";
  if (host === "") return false; // HTTP/1.0, which no browser speaks
  const name = hostIn(host);
  return name !== "localhost" && name !== ownName.toLowerCase() && !isLoopback(name ?? "");
}

/** The name or address in a Host header, in small letters and without brackets; null: it names no host. */
export function hostIn(host: string): string | null {
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d*)?$/i.test(host)) return null;
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : null;
}
