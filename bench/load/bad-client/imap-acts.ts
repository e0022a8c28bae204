import { BadImapClient, badSocket } from "./bad-socket.ts";
import type { BadScene } from "./scene.ts";

async function loggedIn({ ports, user }: BadScene): Promise<BadImapClient> {
  const client = new BadImapClient(ports.imap);
  await client.command(`LOGIN "${user.login}" "${user.password}"`);
  return client;
}

/** The same command again and again on one session, until the time is over or the server has had enough. */
async function again(scene: BadScene, client: BadImapClient, line: string): Promise<void> {
  const until = performance.now() + scene.lasts;
  while (performance.now() < until) if ((await client.command(line)) === null) return;
}

/** LIST with a pattern of 8,000 wildcards, in an account with a path of 60,000 characters that nearly fits it. */
export const listPatterns = async (scene: BadScene): Promise<void> => {
  const client = await loggedIn(scene);
  await client.command(`CREATE "${Array.from({ length: 120 }, () => "a".repeat(500)).join("/")}"`);
  return again(scene, client, `LIST "" "${"*a".repeat(8000)}b"`);
};

/** FETCH of a thousand and a half sections of the header of one message. */
export const headerSections = async (scene: BadScene): Promise<void> => {
  const client = await loggedIn(scene);
  await client.command("SELECT INBOX");
  const sections = Array.from({ length: 1500 }, (_, at) => `BODY.PEEK[HEADER.FIELDS (X${at})]`);
  return again(scene, client, `FETCH 1:20 (${sections.join(" ")})`);
};

/** COPY of all messages into their own mailbox: twice as many each time. */
export const copiesOfItself = async (scene: BadScene): Promise<void> => {
  const client = await loggedIn(scene);
  await client.command("CREATE Copies");
  await client.command("SELECT INBOX");
  await client.command("COPY 1:* Copies");
  await client.command("SELECT Copies");
  return again(scene, client, "COPY 1:* Copies");
};

/** More connections than the server has places for, of which none says anything. */
export const silentConnections = async (scene: BadScene): Promise<void> => {
  const until = performance.now() + scene.lasts;
  const sockets = new Set<ReturnType<typeof badSocket>>();
  let opened = 0;
  while (performance.now() < until) {
    for (let some = 0; some < 500 && opened < 10_050; some++, opened++) {
      const socket = badSocket(scene.ports.imap);
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    await Bun.sleep(20);
  }
  for (const socket of sockets) socket.destroy();
};

/** Wrong passwords on 20 connections, opened anew whenever the server has ended them. */
export const wrongPasswords = async (scene: BadScene): Promise<void> => {
  const until = performance.now() + scene.lasts;
  let number = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) {
      const client = new BadImapClient(scene.ports.imap);
      while (performance.now() < until) {
        if ((await client.command(`LOGIN nobody${++number} wrong-password`)) === null) break;
      }
      client.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
};
