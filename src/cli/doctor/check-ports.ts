import type { Config } from "../../operation/config.ts";
import { hostPort } from "../../operation/first-run.ts";
import { type Finding, failure, ok } from "./finding.ts";
import { speaksAsEider } from "./speaks-as-eider.ts";

/** Why the server cannot listen as configured, looked at before it starts; null: nothing speaks against it. */
export async function portTrouble(config: Config): Promise<Finding | null> {
  const findings = await checkPorts(config);
  const own = findings.find(({ state, text }) => state === "ok" && text.endsWith(inUseByServer));
  if (own) return failure(own.about, own.text, "stop that server first, or configure other ports");
  return findings.find(({ state }) => state === "failure") ?? null;
}

/** Whether each port is free, or in use by the server whose configuration this is. */
export async function checkPorts(config: Config): Promise<Finding[]> {
  const serverRuns = await answersAsEider(config);
  const checks: Promise<Finding>[] = [];
  for (const protocol of ["imap", "pop3", "lmtp", "http"] as const) {
    for (const key of ["port", "tls_port"] as const) {
      const port = config[protocol][key];
      if (port === null || port === 0) continue;
      const { host } = config[protocol];
      const isOurs = async (): Promise<boolean> => {
        // What HTTP says was asked already: nobody greets there.
        if (!serverRuns || protocol === "http") return serverRuns;
        // A balancer's address hears nothing before it has said whom it speaks for.
        return (
          (await speaksAsEider({ host, port, tls: key === "tls_port" })) ?? config[protocol].proxy_protocol.length > 0
        );
      };
      checks.push(checkPort(`${protocol} ${key}`, host, port, serverRuns, isOurs));
    }
  }
  return Promise.all(checks);
}

const inUseByServer = "is in use by the running server";

async function checkPort(
  about: string,
  host: string,
  port: number,
  serverRuns: boolean,
  isOurs: () => Promise<boolean>,
): Promise<Finding> {
  const where = hostPort({ host, port });
  try {
    Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
    if (!serverRuns) return ok(about, `${where} is free`);
    return failure(
      about,
      `the server runs, but nobody listens on ${where}`,
      "restart it: it was started with another configuration",
    );
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" && (await isOurs())) return ok(about, `${where} ${inUseByServer}`);
    if (code === "EADDRINUSE")
      return failure(
        about,
        `${where} is in use by another program`,
        `stop it (\`ss -ltnp sport = :${port}\` names it), or configure another port`,
      );
    if (code === "EACCES")
      return failure(
        about,
        `${where} needs a privilege`,
        "ports below 1024 need CAP_NET_BIND_SERVICE: see docs/operating.md",
      );
    return failure(
      about,
      `cannot listen on ${where} (${message})`,
      `give [${about.split(" ")[0]}] host an address of this machine`,
    );
  }
}

/** Whether an Eider answers where [http] listens. */
async function answersAsEider({ http }: Config): Promise<boolean> {
  const port = http.port ?? http.tls_port;
  if (port === null) return false;
  const scheme = http.port === null ? "https" : "http";
  try {
    const response = await fetch(`${scheme}://${hostPort({ host: http.host, port })}/health`, {
      signal: AbortSignal.timeout(3000),
      tls: { rejectUnauthorized: false },
    });
    const said = (await response.json()) as { status?: unknown; timestamp?: unknown };
    return said.status !== undefined && said.timestamp !== undefined;
  } catch {
    return false;
  }
}
