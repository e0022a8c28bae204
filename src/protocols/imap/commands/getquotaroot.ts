import { command, withAccount } from "../command.ts";
import { writeQuota } from "../quota-line.ts";
import { mailbox } from "../wire/rules.ts";

/** GETQUOTAROOT: which quota holds for a mailbox: the account's. */
export const getquotaroot = command({
  name: "GETQUOTAROOT",
  rfc: ["9208 §4.1.2", "2087 §4.3"],
  states: withAccount,
  args: { path: mailbox },
  async run({ args: { path } }, session) {
    const { out, utf8 } = session;
    const list = await session.read({ kind: "mailboxes" });
    if (!list.mailboxes.some((one) => one.path === path)) {
      return { status: "NO", refusal: { kind: "noSuchMailbox", path } };
    }
    out.ascii("* QUOTAROOT ").mailbox(path, utf8).ascii(' ""').crlf();
    writeQuota(out, list);
    return { status: "OK", text: "GETQUOTAROOT completed" };
  },
});
