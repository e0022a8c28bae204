/**
 * Whether a password may cross this connection. Clear text is for clients on the same machine unless the operator
 * said otherwise (`allow_plaintext`).
 *
 * @see RFC 8314 §3 (cleartext is obsolete for mail access)
 */
export function passwordsAllowed(connection: { secure: boolean; remote: string }, allowPlaintext: boolean): boolean {
  return connection.secure || allowPlaintext || isLoopback(connection.remote);
}

/** 127.0.0.0/8, ::1, and the IPv4-mapped form of the former. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return plain === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}
