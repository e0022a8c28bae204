import { connect as dial } from "node:net";
import { connect as dialTls } from "node:tls";

export type Door = { readonly host: string; readonly port: number; readonly tls: boolean };

/** Whether it is an Eider that greets there; null where nothing is said within `patience` milliseconds. */
export function speaksAsEider({ host, port, tls }: Door, patience = 2_000): Promise<boolean | null> {
  return new Promise((resolve) => {
    const socket = tls ? dialTls({ host, port, rejectUnauthorized: false }) : dial({ host, port });
    const finish = (answer: boolean | null): void => {
      socket.destroy();
      resolve(answer);
    };
    let heard = "";
    socket.setTimeout(patience, () => finish(null));
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (heard.includes("\n") || heard.length > 1_000) finish(/\bEider\b/.test(heard));
    });
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
  });
}
