/** The client's text is wrong: `expected` names the rule that failed, `offset` where in the arguments. */
export class WireSyntaxError extends Error {
  override readonly name: string = "WireSyntaxError";

  constructor(
    readonly expected: string,
    readonly offset: number,
  ) {
    super(`Expected ${expected} at octet ${offset}`);
  }
}

/** Well-formed, and more than this server does in one command: `NO [LIMIT]` (RFC 9051 §7.1). */
export class BeyondLimit extends WireSyntaxError {
  override readonly name = "BeyondLimit";

  constructor(limit: string, offset: number) {
    super(limit, offset);
  }
}

/** A mailbox name that none can have: `NO [CANNOT]`, not BAD; `expected` is why (RFC 5530 §3). */
export class ImpossibleName extends WireSyntaxError {
  override readonly name = "ImpossibleName";
}

/** SEARCH named a charset that is not known: `NO [BADCHARSET (US-ASCII UTF-8 …)]`, not BAD (RFC 3501 §6.4.4). */
export class UnknownCharset extends WireSyntaxError {
  override readonly name = "UnknownCharset";

  constructor(
    readonly charset: string,
    offset: number,
  ) {
    super("known charset", offset);
  }
}
