import { domainToUnicode } from "node:url";

/**
 * Addresses as the directory keys them: lower case, without the dots of the local part and without +detail
 * (WildDuck's rule), the domain in its Unicode form. Displayed addresses keep what their owner wrote.
 */
export type SplitAddress = { readonly local: string; readonly detail: string | null; readonly domain: string };

/**
 * Splits at the last "@"; a name without one belongs to `defaultDomain`. A local part in quotes is what stands between
 * them, without the backslashes of quoted pairs: an "@" there divides nothing.
 *
 * @see RFC 5321 §4.1.2 (`"ann"@b.example` and `ann@b.example` name the same mailbox)
 */
export function splitAddress(address: string, defaultDomain: string): SplitAddress {
  const quoted = quotedLocalPart.exec(address);
  const at = quoted ? quoted[0].length : address.lastIndexOf("@");
  const named = at >= 0 && at < address.length;
  const whole = quoted ? quoted[1]!.replace(/\\(.)/gs, "$1") : named ? address.slice(0, at) : address;
  const domain = named ? address.slice(at + 1) : defaultDomain;
  const plus = whole.indexOf("+");
  return plus > 0
    ? { local: whole.slice(0, plus), detail: whole.slice(plus + 1), domain }
    : { local: whole, detail: null, domain };
}

const quotedLocalPart = /^"((?:[^"\\]|\\.)*)"(?=@|$)/s;

/** The unique key of an address: case, dots and +detail do not tell two mailboxes apart. */
export function addressView(address: string, defaultDomain: string): string {
  const { local, domain } = splitAddress(address.trim().normalize("NFC"), defaultDomain);
  // An address literal, or what else is no domain name, stays as it is.
  return `${local.replaceAll(".", "").toLowerCase()}@${domainToUnicode(domain) || domain.toLowerCase()}`;
}

/** The unique key of a user name: as an address where it has an "@", else lower case without dots. */
export function usernameView(username: string): string {
  const name = username.trim().normalize("NFC").toLowerCase();
  return name.includes("@") ? addressView(name, "") : name.replaceAll(".", "");
}
