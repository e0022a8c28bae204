import type { AccountCommand } from "../../domain/account/commands.ts";
import type { Content } from "../../domain/account/content.ts";
import { maxLevels, pathSeparator } from "../../domain/account/mailbox-path.ts";
import type { MailboxId } from "../../domain/ids.ts";
import type { ChangeCommand } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

/** A change whose messages are in place: uploads have become content, bytes wait to be given their index. */
export type StagedMessage =
  | { kind: "bytes"; bytes: Uint8Array; prefix?: Uint8Array }
  | { kind: "content"; content: Content; message: string };

/**
 * The domain's command for a staged change: the actor supplies what is not decided by rules: time, fresh ids, and the
 * place in the log entry's bodies. `bodies` grows by what the command brings along; drop what was pushed if it is refused.
 */
export function materialise(
  command: Exclude<ChangeCommand, { kind: "batch" }>,
  staged: StagedMessage | undefined,
  bodies: Uint8Array[],
  { clock, newId }: Pick<Surroundings, "clock" | "newId">,
): AccountCommand {
  switch (command.kind) {
    case "append": {
      if (!staged) throw new Error("Cannot append: the message was not staged");
      const { mailbox, flags } = command;
      const internalDate = command.internalDate ?? clock.now();
      if (staged.kind === "content") {
        return {
          kind: "append",
          mailbox,
          flags,
          internalDate,
          message: staged.message as never,
          content: staged.content,
        };
      }
      const body = withPrefix(staged.bytes, staged.prefix);
      const content: Content = [{ kind: "inline", index: bodies.length, size: body.length }];
      bodies.push(body);
      return { kind: "append", mailbox, flags, internalDate, message: newId(), content };
    }
    case "createMailbox":
      return { ...command, ids: idsFor(command.path, newId), at: clock.now() };
    case "renameMailbox":
      return { ...command, ids: idsFor(command.path, newId), at: clock.now() };
    case "openAccount":
      return {
        ...command,
        mailboxes: command.mailboxes.map((mailbox) => ({ ...mailbox, id: newId() })),
        at: clock.now(),
      };
    default:
      return command;
  }
}

function idsFor(path: string, newId: () => MailboxId): MailboxId[] {
  const levels = Math.min(path.split(pathSeparator).length, maxLevels + 1);
  return Array.from({ length: levels }, newId);
}

function withPrefix(bytes: Uint8Array, prefix: Uint8Array | undefined): Uint8Array {
  if (!prefix || prefix.length === 0) return bytes;
  const joined = new Uint8Array(prefix.length + bytes.length);
  joined.set(prefix);
  joined.set(bytes, prefix.length);
  return joined;
}
