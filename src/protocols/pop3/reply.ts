import type { Refusal } from "../../domain/account/refusal.ts";
import { pop3Refusals, type ResponseCode } from "./refusals.ts";

/** What a command answers. */
export type Reply =
  | { readonly status: "+OK"; readonly text: string }
  /** A multi-line response; the lines come without their ends and never begin with a dot. */
  | { readonly status: "+OK"; readonly text: string; readonly lines: Iterable<string> }
  /** A multi-line response that is made while it is sent, its end included. */
  | { readonly status: "+OK"; readonly text: string; readonly octets: AsyncIterable<Uint8Array> }
  | {
      readonly status: "-ERR";
      readonly text: string;
      readonly code?: ResponseCode;
      readonly fault?: "client" | "server";
    };

export function ok(text: string): Reply {
  return { status: "+OK", text };
}

export function err(text: string, code?: ResponseCode): Extract<Reply, { status: "-ERR" }> {
  return { status: "-ERR", text, code };
}

export function refused(refusal: Refusal): Reply {
  const { code, text } = pop3Refusals[refusal.kind];
  return err(text, code);
}

/** The status line with its end. Whatever is not printable in `text` is blotted out, so that it stays one line. */
export function statusLine(reply: Reply): string {
  const text = reply.text.replace(/\p{Cc}/gu, "?");
  const code = reply.status === "-ERR" && reply.code ? ` [${reply.code}]` : "";
  return `${reply.status}${code}${text === "" ? "" : ` ${text}`}\r\n`;
}
