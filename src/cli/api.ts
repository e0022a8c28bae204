import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, loadConfig } from "../operation/config.ts";
import { hostPort } from "../operation/first-run.ts";
import { readRootToken, rootTokenFile } from "../operation/root-token.ts";
import type { Console } from "./console.ts";
import { CommandFailure } from "./failure.ts";

/** The running server, as the command line reaches it: its HTTP API with the root token. */
export interface Api {
  get<T>(path: string): Promise<T>;
  send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T>;
  upload<T>(path: string, message: Uint8Array, idempotencyKey: string): Promise<T>;
  bytes(path: string): Promise<Uint8Array>;
}

/** The server said no. `code` is the API's: `UserNotFound`. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
    /** Seconds to wait before it may work; null: it will not by itself. */
    readonly retryAfter: number | null,
  ) {
    super(text);
  }
}

export type ApiOptions = {
  /** --config */
  readonly config?: string;
  /** --url, else EIDER_URL, else what the configuration says. */
  readonly url?: string;
};

/** Finds server and token by the configuration. Throws `CommandFailure` where there is nothing to find. */
export function connectApi(options: ApiOptions, console: Console): Api {
  const loaded = loadConfig({ file: options.config, env: console.env, cwd: console.cwd });
  if (!loaded.ok)
    throw new CommandFailure("Cannot read the configuration", loaded.problems[0]!, "`eider config` shows all problems");
  const { config } = loaded;
  const token = tokenOf(config);
  const found =
    options.url || console.env.EIDER_URL ? { url: (options.url ?? console.env.EIDER_URL)! } : address(config);
  return new HttpApi(found.url.replace(/\/+$/, ""), token, "ca" in found ? found.ca : undefined);
}

function tokenOf(config: Config): string {
  let token: string | null;
  try {
    token = readRootToken(config);
  } catch (error) {
    throw new CommandFailure(
      "Cannot read the root token",
      (error as Error).message,
      "run this as the user that the server runs as",
    );
  }
  if (token !== null) return token;
  throw new CommandFailure(
    "There is no root token",
    `${rootTokenFile(config)} does not exist`,
    "start the server first (`eider start`), run this in its directory, or set [http] token",
  );
}

function address({ http, tls, data }: Config): { url: string; ca?: string } {
  if (http.port !== null) return { url: `http://${hostPort({ host: http.host, port: http.port })}` };
  if (http.tls_port === null)
    throw new CommandFailure("Cannot reach the server", "[http] listens on no port", "set [http] port, or give --url");
  const url = `https://${hostPort({ host: http.host, port: http.tls_port })}`;
  // Its own certificate is the only one that this server can have; nobody else vouches for a self-signed one.
  return { url, ca: readFileSync(tls.cert ?? join(data, "tls", "cert.pem"), "utf8") };
}

class HttpApi implements Api {
  readonly #url: string;
  readonly #token: string;
  readonly #ca: string | undefined;

  constructor(url: string, token: string, ca: string | undefined) {
    this.#url = url;
    this.#token = token;
    this.#ca = ca;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#request("GET", path)).json() as Promise<T>;
  }

  async send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T> {
    const answer = await this.#request(method, path, body === undefined ? undefined : JSON.stringify(body), {
      "content-type": "application/json",
    });
    return answer.json() as Promise<T>;
  }

  async upload<T>(path: string, message: Uint8Array, idempotencyKey: string): Promise<T> {
    const headers = { "content-type": "message/rfc822", "idempotency-key": idempotencyKey };
    return (await this.#request("POST", path, message, headers)).json() as Promise<T>;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#request("GET", path)).arrayBuffer());
  }

  async #request(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.#url + path, {
        method,
        body: body as string | undefined,
        headers: { ...headers, "x-access-token": this.#token },
        redirect: "error",
        ...(this.#ca === undefined ? {} : { tls: { ca: this.#ca } }),
      });
    } catch (error) {
      throw new CommandFailure(
        `No server answers at ${this.#url}`,
        (error as Error).message,
        "is it running? `eider start` starts it",
      );
    }
    if (response.ok) return response;
    throw await refusalOf(response);
  }
}

async function refusalOf(response: Response): Promise<ApiRefusal> {
  const text = await response.text();
  let said: { error?: unknown; code?: unknown } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // Not from Eider: a proxy before it. Its status is all there is to tell.
  }
  const error = typeof said.error === "string" ? said.error : `the answer was HTTP status ${response.status}`;
  const retryAfter = response.headers.get("retry-after");
  return new ApiRefusal(
    response.status,
    typeof said.code === "string" ? said.code : "",
    error,
    retryAfter === null ? null : Number(retryAfter),
  );
}
