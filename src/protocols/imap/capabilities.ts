/** What decides which capabilities a client is shown. */
export type CapabilityFacts = {
  readonly authenticated: boolean;
  readonly secure: boolean;
  /** Passwords may be sent on this connection as it is. */
  readonly passwordsAllowed: boolean;
  /** Octets a message may have. */
  readonly messageSize: number;
};

const always = "IMAP4rev1 LITERAL+ ID ENABLE IDLE NAMESPACE UNSELECT UIDPLUS MOVE CHILDREN SPECIAL-USE UTF8=ACCEPT";
const afterLogin =
  "CREATE-SPECIAL-USE CONDSTORE QRESYNC ESEARCH WITHIN LIST-EXTENDED LIST-STATUS STATUS=SIZE QUOTA QUOTA=RES-STORAGE XLIST";

/**
 * The capability list, without the word CAPABILITY (RFC 3501 §6.1.1, §7.2.1). LOGINDISABLED and AUTH= tell the truth
 * of the moment: they change with STARTTLS.
 */
export function capabilityList(facts: CapabilityFacts): string {
  const key = `${facts.authenticated} ${facts.secure} ${facts.passwordsAllowed} ${facts.messageSize}`;
  let list = spelled.get(key);
  if (list === undefined) {
    list = spell(facts);
    spelled.set(key, list);
  }
  return list;
}

/** There are only a few, and thousands of sessions that need them. */
const spelled = new Map<string, string>();

function spell(facts: CapabilityFacts): string {
  const limit = `APPENDLIMIT=${facts.messageSize}`; // RFC 7889
  if (facts.authenticated) return `${always} ${afterLogin} ${limit}`;
  const parts = [always];
  if (!facts.secure) parts.push("STARTTLS");
  // SASL-IR and AUTH= say nothing where no password may be sent (RFC 3501 §6.2.3).
  parts.push(facts.passwordsAllowed ? "SASL-IR AUTH=PLAIN" : "LOGINDISABLED", limit);
  return parts.join(" ");
}
