// Letters, digits and . _ + @ -, not beginning with a dot: what WildDuck takes, and Unicode letters as in addresses.
const usernameShape = /^(?!\.)[\p{L}\p{N}._+@-]{1,128}$/u;

/** Whether an account may be named so. */
export function isUsername(username: string): boolean {
  return usernameShape.test(username);
}

/** Whether mail can be sent there: a local part and a domain, without what would end them in a command or a header. */
export function isAddress(address: string): boolean {
  const at = address.lastIndexOf("@");
  // Two of them would be the key of a quoted local part that holds one.
  if (at < 1 || address.indexOf("@") !== at || at === address.length - 1 || address.length > 254) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return !/[\s<>()[\]\\,;:"\u0000-\u001f\u007f]/.test(address);
}
