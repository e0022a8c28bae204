import { capabilityList } from "../src/protocols/imap/capabilities.ts";
import { imapCommands } from "../src/protocols/imap/commands/index.ts";
import { data } from "../src/protocols/lmtp/commands/data.ts";
import { mail } from "../src/protocols/lmtp/commands/mail.ts";
import { rcpt } from "../src/protocols/lmtp/commands/rcpt.ts";
import { commands as pop3Commands } from "../src/protocols/pop3/commands/index.ts";

type Described = { readonly name: string; readonly rfc: readonly string[] };

/** docs/rfc-support.md: which command obeys which section, as the commands themselves say. */
export function rfcSupport(): string {
  const protocols: readonly (readonly [name: string, commands: readonly Described[]])[] = [
    ["IMAP", imapCommands],
    ["POP3", [...pop3Commands.values()]],
    ["LMTP", [mail, rcpt, data]],
  ];
  const lines = ["# RFC support", "", "<!-- Made from the commands' own `rfc` facts by `bun run docs`. -->", ""];
  lines.push("| RFC | Commands |", "| --- | --- |");
  for (const [rfc, uses] of byRfc(protocols))
    lines.push(`| [RFC ${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc}) | ${uses.join(", ")} |`);
  for (const [protocol, commands] of protocols) {
    lines.push("", `## ${protocol}`, "", "| Command | Obeys |", "| --- | --- |");
    for (const { name, rfc } of [...commands].sort(byName)) {
      lines.push(`| ${name} | ${rfc.map((section) => `RFC ${section}`).join(", ")} |`);
    }
    if (protocol === "IMAP") lines.push("", `Capabilities once logged in: \`${capabilities()}\`.`);
  }
  return `${lines.join("\n")}\n`;
}

function byRfc(protocols: readonly (readonly [string, readonly Described[]])[]): [rfc: string, uses: string[]][] {
  const uses = new Map<string, Set<string>>();
  for (const [protocol, commands] of protocols) {
    for (const { name, rfc } of [...commands].sort(byName)) {
      for (const section of rfc) {
        const [number] = section.split(" ") as [string];
        uses.set(number, (uses.get(number) ?? new Set()).add(`${protocol} ${name}`));
      }
    }
  }
  return [...uses]
    .map(([rfc, names]): [string, string[]] => [rfc, [...names]])
    .sort(([a], [b]) => Number(a) - Number(b));
}

function capabilities(): string {
  const facts = { authenticated: true, secure: true, passwordsAllowed: true, messageSize: 64 * 1024 ** 2 };
  return capabilityList(facts);
}

function byName(a: Described, b: Described): number {
  return a.name < b.name ? -1 : 1;
}
