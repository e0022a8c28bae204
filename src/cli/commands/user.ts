import type { Command } from "commander";
import { formatSize, parseSize } from "../../operation/config-kinds.ts";
import { type Api, connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { newPassword, type PasswordOptions } from "../password.ts";
import { list, table } from "../table.ts";
import { type UserDetails, type UserListing, userId } from "../users.ts";

/** `eider user …`: accounts. */
export function addUser(program: Command, console: Console): void {
  const user = program.command("user").description("accounts: add, list, show, change, delete");
  const leaf = (usage: string, description: string) =>
    withCommonOptions(user.command(usage).description(description), "to the server");
  const say = (options: CommonOptions, result: object, text: string) =>
    console.out.write(options.json ? `${JSON.stringify(result)}\n` : text);

  withPassword(leaf("add <address>", "create an account"))
    .option("--quota <size>", "how much mail it may have, such as 5G; 0: no limit", sizeArgument)
    .option("--name <name>", "the person's name")
    .action(async (address: string, options: AddOptions) => {
      const api = connectApi(options, console);
      const password = await newPassword(options, address, console);
      const { id } = await api.send<{ id: string }>("POST", "/users", {
        username: address,
        ...(address.includes("@") ? { address } : {}),
        password,
        ...(options.quota === undefined ? {} : { quota: options.quota }),
        ...(options.name === undefined ? {} : { name: options.name }),
      });
      const made = await api.get<UserDetails>(`/users/${id}`);
      say(options, { id, username: made.username, address: made.address }, `Added ${made.address} (${id})\n`);
    });

  leaf("list [query]", "show accounts, all or those whose name or address contains a text").action(
    async (query: string | undefined, options: CommonOptions) => {
      const users = await allUsers(connectApi(options, console), query);
      say(options, users, table(["ADDRESS", "NAME", "USED", "QUOTA", "STATE", "ID"], users.map(row)));
    },
  );

  leaf("show <address>", "show one account").action(async (address: string, options: CommonOptions) => {
    const api = connectApi(options, console);
    const found = await api.get<UserDetails>(`/users/${await userId(api, address)}`);
    say(options, withoutSuccess(found), details(found));
  });

  withPassword(leaf("passwd <address>", "set a new password; open sessions end")).action(
    async (address: string, options: CommonOptions & PasswordOptions) => {
      const api = connectApi(options, console);
      const id = await userId(api, address);
      await api.send("PUT", `/users/${id}`, { password: await newPassword(options, address, console) });
      say(options, { id }, `Changed the password of ${address}\n`);
    },
  );

  for (const [verb, disabled] of [
    ["disable", true],
    ["enable", false],
  ] as const) {
    const what = disabled ? "let nobody log in; mail is still taken in" : "let the user log in again";
    leaf(`${verb} <address>`, what).action(async (address: string, options: CommonOptions) => {
      const api = connectApi(options, console);
      const id = await userId(api, address);
      await api.send("PUT", `/users/${id}`, { disabled });
      say(options, { id, disabled }, `${disabled ? "Disabled" : "Enabled"} ${address}\n`);
    });
  }

  leaf("delete <address>", "delete an account and all of its mail")
    .option("--yes", "do not ask")
    .action(async (address: string, options: CommonOptions & { yes?: boolean }) => {
      const api = connectApi(options, console);
      const id = await userId(api, address);
      if (!options.yes) {
        const answer = await console.ask(
          `This deletes ${address} and all of its mail for ever. Type the address to go on: `,
        );
        if (answer !== null && answer !== address)
          throw new CommandFailure(`${address} was not deleted`, "the answer was another one");
      }
      await api.send("DELETE", `/users/${id}`);
      say(options, { id }, `Deleted ${address}\n`);
    });
}

type AddOptions = CommonOptions & PasswordOptions & { quota?: number; name?: string };

function withPassword(command: Command): Command {
  return command
    .option("--password-stdin", "read the password from standard input")
    .option("--password-file <file>", "read the password from a file");
}

function sizeArgument(written: string): number {
  const bytes = parseSize(written);
  if (!Number.isSafeInteger(bytes)) throw new WrongUsage(`--quota takes a size such as 500M or 5G, not ${written}`);
  return bytes;
}

async function allUsers(api: Api, query: string | undefined): Promise<UserListing[]> {
  type Page = { results: UserListing[]; nextCursor: string | false };
  const users: UserListing[] = [];
  const path = `/users?limit=250${query ? `&query=${encodeURIComponent(query)}` : ""}`;
  let page = await api.get<Page>(path);
  users.push(...page.results);
  while (page.nextCursor) {
    page = await api.get<Page>(`${path}&next=${encodeURIComponent(page.nextCursor)}`);
    users.push(...page.results);
  }
  return users;
}

function row(user: UserListing): string[] {
  return [
    user.address || user.username,
    user.name,
    about(user.quota.used),
    quotaText(user.quota.allowed),
    stateOf(user),
    user.id,
  ];
}

function details(user: UserDetails): string {
  return list([
    ["Address", user.address],
    ["User name", user.username],
    ["Name", user.name],
    ["State", stateOf(user)],
    ["Password", user.hasPasswordSet ? "set" : "none"],
    ["Mail", `${about(user.limits.quota.used)} of ${quotaText(user.limits.quota.allowed)}`],
    ["Created", user.created],
    ["Id", user.id],
  ]);
}

function stateOf(user: { disabled: boolean; suspended: boolean }): string {
  return user.disabled ? "disabled" : user.suspended ? "suspended" : "active";
}

function quotaText(bytes: number): string {
  return bytes === 0 ? "no limit" : formatSize(bytes);
}

/** Rounded for people: `1.4M`. */
function about(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? String(bytes) : `${(bytes / 1024 ** power).toFixed(1)}${" KMGT"[power]}`;
}

function withoutSuccess(answer: object): object {
  const { success: _, ...rest } = answer as { success?: boolean };
  return rest;
}
