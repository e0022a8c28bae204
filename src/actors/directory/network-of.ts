/**
 * What a client address is counted for: the IPv4 address itself, of an IPv6 address its first 64 bits, for whoever has
 * one address of such a network has all of them.
 */
export function networkOf(address: string): string {
  const four = ipv4In(address);
  return four ?? prefixOf(address, 4);
}

/** The network around it, which one owner may have all of: IPv4 /24, IPv6 /48. */
export function widerNetworkOf(address: string): string {
  const four = ipv4In(address);
  return four === null ? prefixOf(address, 3) : `${four.slice(0, four.lastIndexOf("."))}.0/24`;
}

/** An IPv4 address, also one that is written as IPv6; null: it is none. What is no address at all stays as it is. */
function ipv4In(address: string): string | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  return address.includes(":") ? null : address;
}

function prefixOf(address: string, count: number): string {
  const [head = "", tail] = address.split("%")[0]!.toLowerCase().split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array<string>(zeros).fill("0"), ...last];
  return `${groups
    .slice(0, count)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/${count * 16}`;
}
