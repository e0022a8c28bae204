/** The client's text is wrong. */
export class WireSyntaxError extends Error {
  override readonly name = "WireSyntaxError";
}
