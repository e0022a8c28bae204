export type Endpoint = { readonly host: string; readonly port: number; readonly tls: boolean };

export type FirstRunFacts = {
  readonly version: string;
  /** `embedded store in ./data` */
  readonly store: string;
  readonly listening: {
    readonly imap: readonly Endpoint[];
    readonly pop3: readonly Endpoint[];
    readonly lmtp: readonly Endpoint[];
    readonly http: readonly Endpoint[];
  };
  /** The account made on the first run, with its password; null on all later ones. */
  readonly account: { readonly address: string; readonly password: string } | null;
};

/** What `eider start` shows on the terminal when the server listens: where, as whom, and two lines that prove it. */
export function banner({ version, store, listening, account }: FirstRunFacts): string {
  const clear = (endpoints: readonly Endpoint[]) => endpoints.find(({ tls }) => !tls);
  const lines = [`Eider ${version}, ${store}`, ""];
  for (const [name, upgrade] of [
    ["imap", "STARTTLS"],
    ["pop3", "STLS"],
    ["lmtp", "STARTTLS"],
  ] as const) {
    const shown = listening[name].map(
      (endpoint) => `${hostPort(endpoint).padEnd(16)} ${endpoint.tls ? "TLS" : upgrade}`,
    );
    if (shown.length > 0)
      lines.push(
        `  ${name.toUpperCase().padEnd(9)} ${shown
          .map((text) => text.padEnd(27))
          .join(" ")
          .trimEnd()}`,
      );
  }
  for (const endpoint of listening.http) lines.push(`  ${"HTTP".padEnd(9)} ${url(endpoint)}/`);
  const [web] = listening.http;
  if (web) lines.push(`  ${"Console".padEnd(9)} ${url(web)}/`);
  lines.push("");
  if (account === null) {
    lines.push("  Accounts  npm run -s eider -- user list    (user passwd ADDRESS: a new password)", "");
    return lines.join("\n");
  }

  lines.push(
    `  Account   ${account.address}`,
    `  Password  ${account.password}   (made now; it is not shown again)`,
    "",
  );
  const [imap, lmtp] = [clear(listening.imap), clear(listening.lmtp)];
  if (imap) lines.push("  Read:", `    ${readLine(imap, account)}`);
  if (lmtp) lines.push("  Deliver, then read with UID=2:", `    ${deliverLine(lmtp, account.address)}`);
  lines.push("");
  return lines.join("\n");
}

/** A line to paste that shows the first message of INBOX. */
export function readLine(imap: Endpoint, { address, password }: { address: string; password: string }): string {
  return `curl -sS 'imap://${hostPort(imap)}/INBOX;UID=1' --user '${address}:${password}'`;
}

/** A line to paste that delivers a message over LMTP. */
export function deliverLine(lmtp: Endpoint, address: string): string {
  const conversation = [
    "LHLO me",
    "MAIL FROM:<>",
    `RCPT TO:<${address}>`,
    "DATA",
    "Subject: Hello",
    "",
    "It works.",
    ".",
    "QUIT",
    "",
  ];
  return `printf '${conversation.join("\\r\\n")}' | curl -sm 9 telnet://${hostPort(lmtp)}`;
}

/** `127.0.0.1:1143`, `[::1]:1143`; an address that stands for all of them is shown as one that can be reached. */
export function hostPort({ host, port }: Pick<Endpoint, "host" | "port">): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function url(endpoint: Endpoint): string {
  return `${endpoint.tls ? "https" : "http"}://${hostPort(endpoint)}`;
}

/** A password from 16 random bytes, easy to read aloud and to type: `k3v9-x7qm-…`. */
export function readablePassword(random: Uint8Array): string {
  // Without 0 and o, 1 and l: 32 characters, so that every byte chooses evenly.
  const alphabet = "23456789abcdefghijkmnpqrstuvwxyz";
  const characters = [...random.subarray(0, 16)].map((byte) => alphabet[byte % alphabet.length]!).join("");
  return characters.match(/.{4}/g)!.join("-");
}
