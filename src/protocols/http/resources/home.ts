import { z } from "zod";
import { openApiDocument } from "../openapi.ts";
import { operation } from "../operation.ts";

const tag = "About";

export const getOpenApi = operation({
  method: "GET",
  path: "/openapi.json",
  id: "getOpenApi",
  tag,
  summary: "This API, described for programs",
  access: "anyone",
  params: {},
  answer: z.object({ openapi: z.string() }),
  async run(_, { services, operations }) {
    return Response.json(openApiDocument(operations, services.version), { headers: { "Cache-Control": "max-age=60" } });
  },
});

export const getHome = operation({
  method: "GET",
  path: "/",
  id: "getHome",
  tag,
  summary: "A page for people: what runs here",
  access: "anyone",
  params: {},
  answer: { type: "text/html", description: "A page without scripts" },
  async run(_, { services }) {
    const page = homePage(services.version, services.ready());
    return new Response(page, {
      headers: {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy":
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      },
    });
  },
});

function homePage(version: string, ready: boolean): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Eider</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #1d2b33; background: #fbfcfc }
  h1 { font-weight: 600; margin-bottom: 0 }
  code, pre { font: 14px/1.5 ui-monospace, monospace; background: #eef2f3; border-radius: 4px }
  code { padding: .1em .3em } pre { padding: .8em 1em; overflow-x: auto }
  a { color: #0b6384 } .state { color: ${ready ? "#1c7a43" : "#a0521b"} }
  @media (prefers-color-scheme: dark) { body { color: #dbe4e8; background: #14191c } code, pre { background: #222b30 } a { color: #6dbfe0 } }
</style>
</head>
<body>
<h1>Eider</h1>
<p>Mailbox server, version ${escapeHtml(version)} <span class="state">${ready ? "ready" : "not ready"}</span></p>
<ul>
<li><a href="/openapi.json">/openapi.json</a> describes the HTTP API.</li>
<li><a href="/health">/health</a> and <a href="/ready">/ready</a> are for monitors and balancers.</li>
<li><code>/health/details</code>, <code>/metrics</code> and everything else need the access token.</li>
</ul>
<p>With the embedded store the token is in the file <code>data/token</code>:</p>
<pre>curl -H "X-Access-Token: $(cat data/token)" http://127.0.0.1:8080/users</pre>
</body>
</html>
`;
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
