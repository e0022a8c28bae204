import { createHash, timingSafeEqual } from "node:crypto";
import type { Directory } from "../../../actors/directory/requests.ts";
import { HttpFailure } from "../failure.ts";
import type { Principal } from "./principal.ts";

/**
 * Finds whom a token stands for; null: nobody. One for each kind of token, asked in turn. `remote`: the client's address.
 *
 * @throws HttpFailure 429 where too many wrong ones came from there
 */
export type TokenLookup = (token: string, remote: string) => Promise<Principal | null> | Principal | null;

/**
 * The token of a request: `?accessToken=`, `X-Access-Token` or `Authorization: Bearer` (RFC 6750 §2.1), the first that
 * is there.
 */
export function tokenOf(url: URL, headers: Headers): string | null {
  const direct = url.searchParams.get("accessToken") || headers.get("x-access-token");
  if (direct) return direct;
  const bearer = /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "");
  return bearer ? bearer[1]! : null;
}

/** Knows the root token. Comparing digests takes the same time whatever the guess and however long it is. */
export function rootTokenLookup(rootToken: string): TokenLookup {
  if (rootToken === "") throw new RangeError("Cannot serve HTTP: the root access token is empty");
  const expected = digest(rootToken);
  return (token) => (timingSafeEqual(digest(token), expected) ? { kind: "root" } : null);
}

/** Knows the tokens of users. */
export function userTokenLookup(directory: Pick<Directory, "tokenOwner">): TokenLookup {
  return async (token, remote) => {
    const owner = await directory.tokenOwner(token, remote);
    if (owner.ok) return { kind: "user", account: owner.account };
    if (owner.why === "unknown") return null;
    throw new HttpFailure(429, "RateLimitedError", "Too many wrong access tokens", { retryAfter: owner.retryAfter });
  };
}

/** Asks each lookup until one knows the token. */
export function anyOf(...lookups: readonly TokenLookup[]): TokenLookup {
  return async (token, remote) => {
    for (const lookup of lookups) {
      const principal = await lookup(token, remote);
      if (principal) return principal;
    }
    return null;
  };
}

const digest = (text: string) => createHash("sha256").update(text).digest();
