import type { HttpOptions } from "../protocols/http/services.ts";
import type { ListenerOptions } from "../protocols/services.ts";
import type { Config } from "./config-schema.ts";

/** What a mail listener is told of the configuration. */
export function listenerOptions(config: Config, protocol: "imap" | "pop3" | "lmtp"): ListenerOptions {
  const section = config[protocol];
  return {
    host: section.host,
    port: section.port,
    tlsPort: section.tls_port,
    // LMTP has no logins, so neither setting means anything there.
    allowPlaintext: "allow_plaintext" in section ? section.allow_plaintext : false,
    maxConnectionsPerUser:
      "max_connections_per_user" in section ? section.max_connections_per_user : section.max_connections,
    maxConnections: section.max_connections,
    maxNewcomersPerAddress: section.max_unauthenticated_per_address,
    trustedNetworks: config.limits.trusted_networks,
    proxyProtocolFrom: section.proxy_protocol,
    lineLength: config.limits.line_length,
    messageSize: config.limits.message_size,
    reusePort: config.processes > 1,
  };
}

/** What the HTTP listener is told of the configuration; `token` is the root access token. */
export function httpOptions({ http, limits, processes }: Config, token: string): HttpOptions {
  return {
    host: http.host,
    port: http.port,
    tlsPort: http.tls_port,
    token,
    messageSize: limits.message_size,
    maxRequests: http.max_requests,
    maxRequestsPerAddress: http.max_requests_per_address,
    maxRequestsPerUser: http.max_requests_per_user,
    trustedNetworks: limits.trusted_networks,
    reusePort: processes > 1,
    trustedProxies: http.trusted_proxies,
    openMetricsOnLoopback: http.open_metrics,
    corsOrigins: http.cors.includes("*") ? "*" : http.cors,
  };
}
