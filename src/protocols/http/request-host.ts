import { isLoopback } from "../plaintext.ts";
import { failureResponse, HttpFailure } from "./failure.ts";

/**
 * The request with a URL that can be read, or the answer to one whose Host names no host (RFC 9112 §3.2: 400, also
 * for two Hosts). Bun makes the URL of Host, and leaves its first half out where Host is missing (HTTP/1.0), empty
 * (which RFC 9110 §7.2 allows), or no host.
 */
export function withReadableUrl(request: Request): Request | Response {
  const host = request.headers.get("host") ?? "";
  if (host === "") return new Request(new URL(request.url, "http://localhost").href, request);
  return nameIn(host) === null ? failureResponse(badHost()) : request;
}

/**
 * Whether a page of another site may stand behind the request: a browser says Origin for such pages, and where the
 * page's own name was made to lead here (DNS rebinding) that name is in Host.
 */
export function maybeFromForeignPage(headers: Headers, ownName: string): boolean {
  if (headers.has("origin")) return true;
  const host = headers.get("host") ?? "";
  if (host === "") return false; // HTTP/1.0, which no browser speaks
  const name = nameIn(host);
  return name !== "localhost" && name !== ownName.toLowerCase() && !isLoopback(name ?? "");
}

/** The name or address in a Host header, in small letters and without brackets; null: there is none. */
function nameIn(host: string): string | null {
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d*)?$/i.test(host)) return null;
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : null;
}

const badHost = () => new HttpFailure(400, "InvalidHost", "The Host header does not name a host");
