import type { Command } from "commander";
import { connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { table } from "../table.ts";
import { userId } from "../users.ts";

type Session = {
  readonly id: string;
  readonly username: string;
  readonly protocol: string;
  readonly node: string;
  readonly remote: string;
  readonly secure: boolean;
  readonly mailbox: string | null;
  readonly client: string | null;
  readonly started: string;
};

/** `eider session …`: who is connected, on all nodes. */
export function addSession(program: Command, console: Console): void {
  const session = program.command("session").description("who is connected, on all nodes");

  withCommonOptions(
    session.command("list [address]").description("show sessions, all or those of one user"),
    "to the server",
  ).action(async (address: string | undefined, options: CommonOptions) => {
    const api = connectApi(options, console);
    const user = address === undefined ? "" : `&user=${await userId(api, address)}`;
    const { results } = await api.get<{ results: Session[] }>(`/sessions?limit=10000${user}`);
    const text = table(["ID", "USER", "PROTOCOL", "FROM", "MAILBOX", "CLIENT", "SINCE", "NODE"], results.map(row));
    console.out.write(options.json ? `${JSON.stringify(results)}\n` : text);
  });

  withCommonOptions(session.command("end <id>").description("end a session, whichever node holds it"), "to the server")
    .option("--reason <text>", "what the client is told")
    .action(async (id: string, options: CommonOptions & { reason?: string }) => {
      const api = connectApi(options, console);
      await api.send(
        "DELETE",
        `/sessions/${encodeURIComponent(id)}`,
        options.reason === undefined ? {} : { reason: options.reason },
      );
      console.out.write(options.json ? `${JSON.stringify({ id })}\n` : `Ended ${id}\n`);
    });
}

function row(session: Session): string[] {
  const protocol = session.secure ? `${session.protocol}+tls` : session.protocol;
  return [
    session.id,
    session.username,
    protocol,
    session.remote,
    session.mailbox ?? "",
    session.client ?? "",
    session.started,
    session.node,
  ];
}
