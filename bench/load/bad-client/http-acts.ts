import { LmtpConnection } from "../lmtp-connection.ts";
import { badSocket, closed } from "./bad-socket.ts";
import type { BadScene } from "./scene.ts";

const atOnce = 4;
const megabyte = 1024 * 1024;
const api = ({ ports }: BadScene, path: string) => `http://127.0.0.1:${ports.http}${path}`;
const messagesOf = ({ account, inbox }: BadScene) => `/users/${account}/mailboxes/${inbox}/messages`;

/** A request whose answer is read and forgotten; a refusal is one too, and so is no answer. */
async function request(scene: BadScene, path: string, init: RequestInit = {}): Promise<string> {
  try {
    const headers = { "x-access-token": scene.token, ...init.headers };
    return await (await fetch(api(scene, path), { ...init, headers })).text();
  } catch {
    return "";
  }
}

/** Does it again and again, so many at once, until the time is over. */
async function again(scene: BadScene, act: () => Promise<unknown>, lanes = atOnce): Promise<void> {
  const until = performance.now() + scene.lasts;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) await act();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const json = { "content-type": "application/json" };
/** A query or form of so many octets that is nothing but names, each another one and as short as can be. */
const names = (octets: number): string => {
  let form = "0";
  for (let at = 1; form.length < octets; at++) form += `&${at.toString(36)}`;
  return form;
};

/** Queries of 16 kB that are nothing but names of parameters, without a token. */
export const parameterNames = (scene: BadScene): Promise<void> => {
  const path = `/health?${names(16_000)}`;
  return again(scene, () => request(scene, path, { headers: { "x-access-token": "" } }), 32);
};

/** Forms of 196 kB that are nothing but names. */
export const formNames = (scene: BadScene): Promise<void> => {
  const body = names(196_000);
  const headers = { "content-type": "application/x-www-form-urlencoded", "x-access-token": "" };
  return again(scene, () => request(scene, "/authenticate", { method: "POST", headers, body }), 32);
};

/** JSON of 30 MB that is millions of small objects. */
export const smallObjects = (scene: BadScene): Promise<void> => {
  const body = `{"metaData":{"a":[${"{},".repeat(10 * megabyte)}{}]}}`;
  return again(scene, () => request(scene, messagesOf(scene), { method: "POST", headers: json, body }), 2);
};

/** `headers` of a message to be made: an object of 100,000 fields, of blanks and line ends. */
export const composedHeaders = (scene: BadScene): Promise<void> => {
  const blanks = " ".repeat(30_000);
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x-${at}`, `a${blanks}b`]));
  const body = JSON.stringify({ headers: fields, text: "x", draft: true });
  return again(scene, () => request(scene, messagesOf(scene), { method: "POST", headers: json, body }));
};

/** One message of 400 kB of header from outside, listed with the field that it repeats. */
export const repeatedFields = async (scene: BadScene): Promise<void> => {
  const lmtp = await LmtpConnection.open(scene.ports.lmtp);
  await lmtp.deliver(scene.user.address, Buffer.from(`${"a:\r\n".repeat(100_000)}\r\nx\r\n`));
  lmtp.close();
  const path = `${messagesOf(scene)}?includeHeaders=true`;
  return again(scene, () => request(scene, path), 1);
};

/** Messages of 40 MB of text are uploaded and read as JSON. */
export const largeText = async (scene: BadScene): Promise<void> => {
  const line = "The quick brown fox writes a line of seventy characters, and another!\\r\\n";
  const body = `{"subject":"large","text":"${line.repeat((40 * megabyte) / line.length)}"}`;
  await again(
    scene,
    async () => {
      const said = await request(scene, messagesOf(scene), { method: "POST", headers: json, body });
      const id = /"id":(\d+)/.exec(said)?.[1];
      if (id) await request(scene, `${messagesOf(scene)}/${id}`);
      if (id) await request(scene, `${messagesOf(scene)}/${id}`, { method: "DELETE" });
    },
    1,
  );
};

/** A thousand downloads of a message of 5 MB, of which nothing is read. */
export const unreadDownloads = async (scene: BadScene): Promise<void> => {
  const raw = Buffer.from(`Subject: large\r\n\r\n${`${"x".repeat(76)}\r\n`.repeat(65_000)}`);
  const headers = { "content-type": "message/rfc822" };
  const said = await request(scene, messagesOf(scene), { method: "POST", headers, body: raw });
  const id = /"id":(\d+)/.exec(said)?.[1];
  const sockets = Array.from({ length: 1000 }, () => {
    const socket = badSocket(scene.ports.http);
    socket.write(
      `GET ${messagesOf(scene)}/${id}/message.eml HTTP/1.1\r\nHost: localhost\r\nX-Access-Token: ${scene.token}\r\n\r\n`,
    );
    return socket;
  });
  await Bun.sleep(scene.lasts);
  for (const socket of sockets) socket.destroy();
};

/** A thousand uploads of a megabyte each, an octet every second. */
export const slowUploads = async (scene: BadScene): Promise<void> => {
  const sockets = Array.from({ length: 1010 }, () => {
    const socket = badSocket(scene.ports.http);
    socket.write(
      `POST ${messagesOf(scene)} HTTP/1.1\r\nHost: localhost\r\nX-Access-Token: ${scene.token}\r\n` +
        `Content-Type: message/rfc822\r\nContent-Length: ${megabyte}\r\n\r\n`,
    );
    return socket;
  });
  const until = performance.now() + scene.lasts;
  while (performance.now() < until) {
    await Bun.sleep(1000);
    for (const socket of sockets) if (socket.writable) socket.write("x");
  }
  for (const socket of sockets) socket.destroy();
  await Promise.all(sockets.map(closed));
};

/** Requests with tokens that nobody was given, as fast as they are answered. */
export const wrongTokens = (scene: BadScene): Promise<void> => {
  let number = 0;
  return again(scene, () => {
    const token = (++number).toString(16).padStart(40, "0");
    return request(scene, `/users/${scene.account}`, { headers: { "x-access-token": token } });
  });
};
