import { verifyAccount } from "../../src/actors/account/verify.ts";
import type { LogEntry } from "../../src/domain/account/events.ts";
import type { RequestId } from "../../src/domain/ids.ts";
import { type EntryDocument, entryOf } from "../../src/store/mongo/documents.ts";
import { mongoBlobs } from "../../src/store/mongo/mongo-blobs.ts";
import { mongoDirectory } from "../../src/store/mongo/mongo-directory.ts";
import { mongoLog } from "../../src/store/mongo/mongo-log.ts";
import { mongoState } from "../../src/store/mongo/mongo-state.ts";
import type { Stores } from "../../src/store/stores.ts";
import type { History, User } from "./history.ts";
import { flagsText, type ImapClient } from "./imap-client.ts";
import { instanceOf } from "./ledger.ts";
import { mongoLink } from "./mongo-client.ts";
import { Route } from "./network.ts";
import { Pop3Client } from "./pop3-client.ts";
import { type Truth, truthOf } from "./truth.ts";
import { Life } from "./world.ts";

/**
 * When all is quiet: holds what clients were told, what they take their mailboxes for, what every node says and what
 * the store holds against the replay of the log (ARCHITECTURE §6, 1 to 5). Answers how many entries there are.
 */
export async function checkHistory(history: History, clients: readonly ImapClient[]): Promise<number> {
  let entries = 0;
  const stores = inspectorsStores(history);
  const looking = history.world.random.some(clients, 0.4);
  for (const user of history.users) {
    if (history.ledger.deletionAsked.has(user.account)) {
      await checkGone(history, user, entriesIn(history.mongo.collection("log").find({}), user.account));
      continue;
    }
    const log = logOf(history, user);
    entries += log.length;
    const truth = truthOf(log, history.ledger);
    checkSums(history, user, truth);
    checkPromises(history, user, truth);
    await checkNodes(history, user, truth);
    await checkStore(history, stores, user);
    for (const client of looking) if (client.account === user.account) await checkClient(history, client, truth);
    await checkPop3(history, user, truth);
  }
  return entries;
}

/** Every entry that the account's log ever held, whether or not it has been compacted since. */
function logOf({ mongo }: History, { account }: User): LogEntry[] {
  return entriesIn(mongo.collection("log").journal, account);
}

function entriesIn(documents: readonly object[], account: string): LogEntry[] {
  return (documents as readonly EntryDocument[])
    .filter((document) => document.transactions && document.account.toHexString() === account)
    .map(entryOf)
    .sort((a, b) => a.seq - b.seq);
}

/** A way to the store on which nothing goes wrong. */
function inspectorsStores({ world, mongo }: History): Stores {
  const life = new Life("inspector");
  const faults = { away: false, replyLost: 0, interrupted: 0, lag: 0, lagging: new Set<string>(), slowAnswers: 0 };
  const link = mongoLink(world, life, mongo, new Route(world), faults);
  const clock = { now: () => world.time };
  const { settled, ...blobs } = mongoBlobs(link, clock);
  return {
    log: mongoLog(link),
    state: mongoState(link),
    blobs,
    directory: mongoDirectory(link, clock),
    close: settled,
  };
}

function checkSums({ ledger }: History, { user }: User, { account, mailboxes }: Truth): void {
  let used = 0;
  for (const { messages } of mailboxes.values()) for (const { size } of messages.values()) used += size;
  if (used !== account.used) ledger.violate(`${user}: ${account.used} bytes are counted as used, and ${used} are`);
}

/** What was acknowledged is there, once; what was not is there once or not at all; what was told is so. */
function checkPromises({ ledger }: History, { user, account }: User, truth: Truth): void {
  for (const { token, account: owner, by, fate } of ledger.sent.values()) {
    if (owner !== account) continue;
    const count = truth.appended.get(token) ?? 0;
    if (count > 1) ledger.violate(`${user}: ${token} came ${count} times by ${by}`);
    if (count === 0 && fate === "done") ledger.violate(`${user}: ${token} was acknowledged by ${by} and is lost`);
    if (count > 0 && fate === "refused" && by === "APPEND") {
      ledger.violate(`${user}: ${token} was refused by ${by} and is there`);
    }
  }
  for (const { keyword, account: owner, fate } of ledger.marked) {
    if (owner !== account) continue;
    const count = truth.marked.get(keyword) ?? 0;
    if (count > 1) ledger.violate(`${user}: STORE of ${keyword} was done ${count} times`);
    if (count > 0 && fate === "refused") ledger.violate(`${user}: STORE of ${keyword} was refused and done`);
  }
  for (const [instance, token] of ledger.instances.get(account) ?? []) {
    const really = truth.instances.get(instance);
    if (really !== token) {
      ledger.violate(`${user}: a client was told that ${instance} is ${token}; it is ${really ?? "nothing"}`);
    }
  }
  for (const { account: owner, instance, modseq, flags } of ledger.flags) {
    if (owner !== account) continue;
    const really = truth.flags.get(instance)?.get(modseq);
    if (really !== flags) {
      ledger.violate(`${user}: a client was told (${flags}) for ${instance} at ${modseq}; it was (${really ?? "?"})`);
    }
  }
  const living = new Map<string, number>();
  const present = new Set<string>();
  for (const { validity, messages } of truth.mailboxes.values()) {
    for (const [uid, { token }] of messages) {
      living.set(token, (living.get(token) ?? 0) + 1);
      present.add(instanceOf(validity, uid));
    }
  }
  for (const token of ledger.neverCopied) {
    if (!truth.appended.has(token) || truth.lostWithMailbox.has(token)) continue;
    const count = living.get(token) ?? 0;
    if (count !== 1) ledger.violate(`${user}: ${token} was only ever moved, and is there ${count} times`);
  }
  for (const { account: owner, instances, fate } of ledger.removed) {
    if (owner !== account || fate !== "done") continue;
    for (const instance of instances) {
      if (present.has(instance)) ledger.violate(`${user}: ${instance} was moved away, and is there`);
    }
  }
}

/** Nobody is served, no mail is left that nobody can reach, and no node takes any more. */
async function checkGone({ machines, ledger }: History, { user, account }: User, log: readonly LogEntry[]) {
  if (!ledger.deletedUsers.has(account)) ledger.violate(`${user} cannot be deleted when all is well`);
  for (const { name, node } of machines) {
    const { accounts, directory } = node!.services!;
    const login = { username: user, password: "secret", protocol: "imap", remote: "192.0.2.3" } as const;
    if ((await directory.authenticate(login)).ok) ledger.violate(`${user} was deleted, and can log in at ${name}`);
    // The directory may be remembered for a minute; the account is asked whatever it says.
    const wish = { kind: "subscribe", path: "INBOX" } as const;
    const outcome = await accounts.ask(account, { kind: "change", request: "late" as RequestId, command: wish });
    if (outcome.ok || outcome.refusal.kind !== "noSuchAccount") {
      ledger.violate(`${user} was deleted, and ${name} answers ${JSON.stringify(outcome)}`);
    }
  }
  const events = log.at(-1)?.transactions.flatMap((transaction) => transaction.events) ?? [];
  if (events.at(-1)?.kind !== "accountClosed" || log.length > 1) {
    ledger.violate(`${user} was deleted, and its log holds ${log.map(({ seq }) => seq)}`);
  }
}

/** Every node takes the account for the same, and for what it is. */
async function checkNodes({ machines, ledger }: History, { user, account }: User, truth: Truth): Promise<void> {
  for (const { name, node } of machines) {
    if (!node?.services) {
      ledger.violate(`${name} does not come up`);
      continue;
    }
    const listed = await node.services.accounts.ask(account, { kind: "mailboxes" });
    if (!("mailboxes" in listed)) {
      ledger.violate(`${user} at ${name}: ${JSON.stringify(listed)}`);
      continue;
    }
    const theirs = listed.mailboxes.map(({ path, uidValidity, uidNext, messages, unseen, highestModSeq }) =>
      [path, uidValidity, uidNext, messages, unseen, highestModSeq].join(" "),
    );
    const ours = [...truth.account.mailboxes.values()].map(
      ({ path, uidValidity, uidNext, messages, unseen, highestModSeq }) =>
        [path, uidValidity, uidNext, messages, unseen, highestModSeq].join(" "),
    );
    if (listed.seq !== truth.account.seq || theirs.sort().join("; ") !== ours.sort().join("; ")) {
      ledger.violate(
        `${user} at ${name} is at ${listed.seq}: ${theirs}, and should be at ${truth.account.seq}: ${ours}`,
      );
    }
    if (listed.used !== truth.account.used) ledger.violate(`${user} at ${name} uses ${listed.used}`);
  }
}

async function checkStore({ ledger }: History, stores: Stores, { user, account }: User): Promise<void> {
  const { findings } = await verifyAccount(stores, account);
  for (const { what, text } of findings) ledger.violate(`${user}: verify finds (${what}) ${text}`);
  const head = await stores.log.heads([account]);
  if (head[0] === 0) ledger.violate(`${user}: the log is gone`);
}

/** A client that synchronises once more takes every mailbox for what it is. */
async function checkClient(history: History, client: ImapClient, truth: Truth): Promise<void> {
  const { ledger } = history;
  const views = await client.finalView(
    [...truth.mailboxes.values()].map(({ path }) => path).filter((path) => !path.includes(" ")),
  );
  if (!views) {
    ledger.violate(`${client.user}: a client cannot connect when all is well`);
    return;
  }
  for (const { path, validity, messages } of truth.mailboxes.values()) {
    if (path.includes(" ")) continue;
    const view = views.get(path);
    if (!view) {
      ledger.violate(`${client.user}: a client cannot select ${path}`);
      continue;
    }
    const theirs = view.rows.map(({ uid, token, flags }) => `${uid} ${token} (${flags})`);
    const ours = [...messages]
      .sort(([a], [b]) => a - b)
      .map(([uid, { token, flags }]) => `${uid} ${token} (${flagsText(flags)})`);
    if (view.validity !== validity || theirs.join("; ") !== ours.join("; ")) {
      ledger.violate(
        `${client.user}: a client takes ${path} for ${view.validity}: ${theirs}; it is ${validity}: ${ours}`,
      );
    }
  }
}

async function checkPop3(history: History, { user, account }: User, truth: Truth): Promise<void> {
  const { ledger } = history;
  const removed = ledger.pop3Removed.filter((each) => each.account === account);
  if (removed.length === 0) return;
  const uidls = await new Pop3Client(history, `${user} at last`, user, account).session(false);
  const inbox = [...truth.mailboxes.values()].find(({ path }) => path === "INBOX")!;
  if (!uidls || uidls.length !== inbox.messages.size) {
    ledger.violate(`${user}: POP3 shows ${uidls?.length} messages of ${inbox.messages.size}`);
    return;
  }
  const there = new Set(uidls);
  for (const { uidls: gone, fate } of removed) {
    const left = gone.filter((uidl) => there.has(uidl));
    if (fate === "done" && left.length > 0) ledger.violate(`${user}: removed by POP3, and there: ${left}`);
  }
}
