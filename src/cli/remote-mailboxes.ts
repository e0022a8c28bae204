import { type Api, ApiRefusal } from "./api.ts";
import type { MailFlags } from "./mail/mail-file.ts";

/** A mailbox on the server, as the API lists it. */
export type RemoteMailbox = { readonly id: string; readonly path: string; readonly total: number };

/** A message on the server, as the API lists it. */
export type RemoteMessage = {
  readonly id: number;
  readonly size: number;
  readonly idate: string;
  readonly keywords: readonly string[];
} & MailFlags;

export async function mailboxesOf(api: Api, user: string): Promise<RemoteMailbox[]> {
  return (await api.get<{ results: RemoteMailbox[] }>(`/users/${user}/mailboxes?counters=true`)).results;
}

/** The mailbox of that name, as the server reads names; made when there is none. */
export async function ensureMailbox(api: Api, user: string, path: string): Promise<RemoteMailbox> {
  try {
    return await api.get<RemoteMailbox>(`/users/${user}/mailboxes/resolve?path=${encodeURIComponent(path)}`);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 404) throw error;
  }
  const { id } = await api.send<{ id: string }>("POST", `/users/${user}/mailboxes`, { path });
  return { id, path, total: 0 };
}

/** All messages of a mailbox, oldest first. */
export async function* messagesIn(api: Api, user: string, mailbox: string): AsyncGenerator<RemoteMessage> {
  const path = `/users/${user}/mailboxes/${mailbox}/messages?order=asc&limit=250`;
  let next: string | false = "";
  while (next !== false) {
    type Page = { results: RemoteMessage[]; nextCursor: string | false };
    const page: Page = await api.get<Page>(next === "" ? path : `${path}&next=${encodeURIComponent(next)}`);
    yield* page.results;
    next = page.nextCursor;
  }
}

/** The message's bytes; null where it has been expunged meanwhile. */
export async function messageSource(
  api: Api,
  user: string,
  mailbox: string,
  message: number,
): Promise<Uint8Array | null> {
  try {
    return await api.bytes(`/users/${user}/mailboxes/${mailbox}/messages/${message}/message.eml`);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return null;
    throw error;
  }
}
