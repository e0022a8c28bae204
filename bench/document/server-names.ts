const names: Readonly<Record<string, string>> = { eider: "Eider", dovecot: "Dovecot", wildduck: "WildDuck" };

/** "eider on mongodb" → "Eider on MongoDB's wire". */
export function serverNames(key: string): string {
  const [server, , engine] = key.split(" ");
  return `${names[server!] ?? server}${engine === undefined ? "" : " on MongoDB's wire"}`;
}
