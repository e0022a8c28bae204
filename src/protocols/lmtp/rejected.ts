/** A reply as smtp-server's handlers take it. */
export function rejected(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
