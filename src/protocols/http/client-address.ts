import { isIP } from "node:net";

/**
 * The address of the client. The right-most entries of X-Forwarded-For were written by proxies nearest to us: each is
 * believed as long as the one that wrote it is trusted, so a client cannot put words into the header's end.
 *
 * @param peer the address of the connection itself
 */
export function clientAddress(peer: string, forwarded: string | null, trusted: (address: string) => boolean): string {
  let address = plain(peer);
  const hops = (forwarded ?? "").split(",").map((hop) => plain(hop.trim()));
  while (trusted(address) && hops.length > 0) {
    const next = hops.pop()!;
    if (isIP(next) === 0) break;
    address = next;
  }
  return address;
}

const plain = (address: string) =>
  address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
