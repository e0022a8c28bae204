import { BlockList, isIP } from "node:net";

/**
 * The PROXY protocol header, versions 1 and 2, that a load balancer writes before the client's first octet.
 * It is believed only from trusted addresses; on such a connection it must be there.
 *
 * @see https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 */
export type ProxyHeader =
  /** Not enough octets yet. */
  | { readonly kind: "more" }
  | { readonly kind: "bad"; readonly why: string }
  /** `remote` is null for the balancer's own health checks (LOCAL, UNKNOWN): its own address counts. */
  | { readonly kind: "header"; readonly remote: string | null; readonly length: number };

const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const versionOneLimit = 107; // §2.1: the longest line, CRLF included
const versionTwoLimit = 16 + 4096; // addresses and TLVs; the format would allow 64 KiB

const more: ProxyHeader = { kind: "more" };
const bad = (why: string): ProxyHeader => ({ kind: "bad", why });

/** Reads the header at the start of `bytes`; octets after it belong to the client. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (head.length === 0) return more;
  if (head[0] === signature[0]) return readVersionTwo(head);
  if (head[0] === 0x50) return readVersionOne(head);
  return bad("no PROXY header where one was expected");
}

function readVersionOne(head: Buffer): ProxyHeader {
  const end = head.subarray(0, versionOneLimit).indexOf("\r\n");
  if (end < 0) return head.length < versionOneLimit ? more : bad("PROXY line without an end");
  const [word, family, source, target, ...ports] = head.toString("latin1", 0, end).split(" ");
  if (word !== "PROXY") return bad("not a PROXY line");
  const length = end + 2;
  if (family === "UNKNOWN") return { kind: "header", remote: null, length };
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : 0;
  if (version === 0 || isIP(source ?? "") !== version || isIP(target ?? "") !== version) {
    return bad("PROXY line with a bad address");
  }
  if (ports.length !== 2 || !ports.every((port) => /^\d{1,5}$/.test(port))) return bad("PROXY line with a bad port");
  return { kind: "header", remote: source!.toLowerCase(), length };
}

function readVersionTwo(head: Buffer): ProxyHeader {
  const known = Math.min(head.length, signature.length);
  if (!head.subarray(0, known).equals(signature.subarray(0, known))) return bad("damaged PROXY v2 signature");
  if (head.length < 16) return more;
  if (head[12]! >> 4 !== 2) return bad("unknown PROXY version");
  const command = head[12]! & 0x0f;
  if (command > 1) return bad("unknown PROXY command");
  const length = 16 + head.readUInt16BE(14);
  if (length > versionTwoLimit) return bad("PROXY v2 header too long");
  if (head.length < length) return more;
  if (command === 0) return { kind: "header", remote: null, length };
  const family = head[13]! >> 4;
  if (family === 1) {
    if (length < 16 + 12) return bad("PROXY v2 header too short");
    return { kind: "header", remote: head.subarray(16, 20).join("."), length };
  }
  if (family === 2) {
    if (length < 16 + 36) return bad("PROXY v2 header too short");
    return { kind: "header", remote: ipv6Text(head.subarray(16, 32)), length };
  }
  return { kind: "header", remote: null, length };
}

/** RFC 5952 text by way of the URL parser; IPv4-mapped addresses as plain IPv4. */
function ipv6Text(octets: Buffer): string {
  if (octets.subarray(0, 12).equals(Buffer.from("00000000000000000000ffff", "hex")))
    return octets.subarray(12).join(".");
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(octets.readUInt16BE(at).toString(16));
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

/**
 * A test for membership in the addresses and CIDR blocks of `proxy_protocol`.
 *
 * @throws RangeError naming the entry that is neither an address nor a block
 */
export function trustedAddresses(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.trim().split("/");
    const version = isIP(address);
    if (version === 0) throw new RangeError(`Cannot trust ${JSON.stringify(entry)}: not an address or CIDR block`);
    const family = version === 4 ? "ipv4" : "ipv6";
    const widest = version === 4 ? 32 : 128;
    const bits = prefix === undefined ? widest : Number(prefix);
    if (!/^\d+$/.test(prefix ?? "0") || bits > widest) {
      throw new RangeError(`Cannot trust ${JSON.stringify(entry)}: bad prefix length`);
    }
    list.addSubnet(address, bits, family);
  }
  return (address) => {
    const plain = address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
  };
}
