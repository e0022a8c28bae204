import { expect } from "bun:test";
import { startTestServices } from "../../../test/services.ts";
import { jobs } from "../../actors/workers/jobs.ts";
import type { Services } from "../services.ts";
import { rootToken, wellDetails } from "./bare-server.testing.ts";
import { checkAnswer } from "./contract.testing.ts";
import { startHttp } from "./server.ts";
import type { AllServices, HttpOptions } from "./services.ts";

/** A JSON answer, to look anything up in; a wrong look fails the test that does it. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
export type Json = any;

export type RealHttp = Awaited<ReturnType<typeof startRealHttp>>;

/** The API over the real directory, actors and embedded store; every JSON answer is held to the contract. */
export async function startRealHttp(
  options: Partial<HttpOptions> = {},
  change: (services: Services) => Partial<Services> = () => ({}),
) {
  const { services, close } = await startTestServices();
  const all: AllServices = {
    ...services,
    ...change(services),
    health: async () => wellDetails,
    ready: () => true,
    composer: jobs,
    metricsText: async () => "",
  };
  const listening = await startHttp(all, {
    host: "127.0.0.1",
    port: 0,
    tlsPort: null,
    token: rootToken,
    messageSize: 4 * 1024 * 1024,
    maxRequests: 100,
    maxRequestsPerAddress: 100,
    maxRequestsPerUser: 100,
    trustedNetworks: [],
    reusePort: false,
    trustedProxies: [],
    openMetricsOnLoopback: false,
    corsOrigins: "*",
    ...options,
  });
  const url = `http://127.0.0.1:${listening.addresses[0]!.port}`;
  const checked = new Set<string>();

  const request = (
    method: string,
    path: string,
    body?: object | string | Uint8Array,
    headers: Record<string, string> = {},
  ) =>
    fetch(url + path, {
      method,
      headers: {
        "x-access-token": rootToken,
        ...(typeof body === "object" && !(body instanceof Uint8Array) ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });

  async function ask(status: number, method: string, path: string, body?: object | string | Uint8Array): Promise<Json> {
    const response = await request(method, path, body);
    const answer: Json = await response.json();
    expect({ path, status: response.status, answer }).toMatchObject({ path, status });
    if (status === 200) {
      expect(answer.success).toBe(true);
      const result = checkAnswer(method, path.split("?")[0]!, answer);
      if (result) {
        expect(result).toEqual({ operation: result.operation, problems: [] });
        checked.add(result.operation);
      }
    }
    return answer;
  }

  return {
    services: all,
    url,
    listening,
    request,
    /** Operations whose answers were found to be as the contract says. */
    checked,
    get: (path: string) => ask(200, "GET", path),
    post: (path: string, body?: object | string | Uint8Array) => ask(200, "POST", path, body),
    put: (path: string, body: object = {}) => ask(200, "PUT", path, body),
    delete: (path: string) => ask(200, "DELETE", path),
    /** The code of a refusal that must have this status. */
    refused: async (status: number, method: string, path: string, body?: object | string | Uint8Array) =>
      (await ask(status, method, path, body)).code as string,
    /** A user's id, and the ids of its mailboxes by path. */
    async addUser(name: string, more: object = {}) {
      const { id } = await ask(200, "POST", "/users", { username: name, password: `${name}-secret`, ...more });
      const { results } = await ask(200, "GET", `/users/${id}/mailboxes`);
      const mailboxes = Object.fromEntries(results.map((mailbox: Json) => [mailbox.path, mailbox.id]));
      return { id: id as string, mailboxes: mailboxes as Record<string, string> };
    },
    async close() {
      await listening.drain(0);
      await close();
    },
  };
}
