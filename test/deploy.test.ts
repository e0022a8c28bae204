import { expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { validate } from "dockerfile-utils";
import { loadConfig } from "../src/operation/config.ts";
import { drainLimit } from "../src/operation/signals.ts";
import { needs } from "./clients/needs.ts";
import { runsWell } from "./runs-well.ts";

/** What deploys Eider, checked by the programs that will read it, as far as they are here and need no engine. */
const root = resolve(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const run = (command: string[], env: Record<string, string> = {}) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: root, env: { ...process.env, ...env } });
  return { exitCode, output: stdout.toString() + stderr.toString() };
};

/** A program that checks; null where it is not installed, which is an error where the engines are required. */
function checker(name: string, ...places: string[]): string | null {
  const found = Bun.which(name) ?? places.find((place) => existsSync(place)) ?? null;
  if (found === null && process.env.EIDER_REQUIRE_ENGINES === "1") throw new Error(`${name} is required and not there`);
  return found;
}

test("the Dockerfile is sound", () => {
  const dockerfile = read("Dockerfile");
  expect(validate(dockerfile).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  for (const line of dockerfile.split("\n")) {
    const [, from, source] = /^COPY (--from=\S+ )?(\S+)/.exec(line) ?? [];
    if (source !== undefined && from === undefined) expect(existsSync(join(root, source))).toBe(true);
  }
  const stages = dockerfile.split(/^FROM /m);
  expect(stages.at(-1)).toContain("\nUSER eider\n");
});

needs("bash")("the Dockerfile's health check is a line that bash takes", async () => {
  const [, words] = /HEALTHCHECK[^[]*(\[.*\])$/m.exec(read("Dockerfile").replaceAll("\\\n", ""))!;
  const [bash, option, script] = JSON.parse(words!) as [string, string, string];
  expect([bash, option]).toEqual(["bash", "-c"]);
  const answering = (status: number) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("", { status }) });
    const child = Bun.spawn(["bash", "-c", script.replaceAll("8080", String(server.port))], {
      stdout: "ignore",
      stderr: "ignore",
    });
    return child.exited.finally(() => server.stop(true));
  };
  expect(await Promise.all([200, 503].map(answering))).toEqual([0, 1]);
});

const compose = [["docker", "compose"], ["docker-compose"]].find((command) => runsWell(...command, "version"));
test.skipIf(compose === undefined)("docker-compose.yml is sound (skipped without docker compose)", () => {
  const file = ["-f", join(root, "docker-compose.yml"), "config"];
  const good = run([...compose!, ...file], { EIDER_TOKEN: "0123456789abcdef" });
  expect(good).toMatchObject({ exitCode: 0 });
  expect(good.output).toContain("EIDER_STORE_KIND: mongodb");
  expect(run([...compose!, ...file], { EIDER_TOKEN: "" }).output).toContain("EIDER_TOKEN");
});

const nginx = checker("nginx", "/usr/sbin/nginx");
const streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";
const hasStream = nginx !== null && (existsSync(streamModule) || / --with-stream /.test(run([nginx, "-V"]).output));
test.skipIf(!hasStream)("nginx takes deploy/nginx.conf (skipped without nginx and its stream module)", () => {
  const scene = mkdtempSync(join(tmpdir(), "eider-nginx-"));
  const load = existsSync(streamModule) ? `load_module ${streamModule};\n` : "";
  // The names exist among the containers only.
  const config = read("deploy/nginx.conf")
    .replace(/\beider-[12]:/g, "127.0.0.1:")
    .replaceAll("/tmp/", `${scene}/`);
  writeFileSync(join(scene, "nginx.conf"), load + config);
  expect(run([nginx!, "-t", "-p", scene, "-c", join(scene, "nginx.conf")])).toMatchObject({ exitCode: 0 });
  rmSync(scene, { recursive: true });
});

test.skipIf(Bun.which("systemd-analyze") === null)(
  "systemd takes deploy/eider.service (skipped without systemd-analyze)",
  () => {
    const scene = mkdtempSync(join(tmpdir(), "eider-unit-"));
    cpSync("/bin/true", join(scene, "eider"));
    const unit = join(scene, "eider.service");
    writeFileSync(unit, read("deploy/eider.service").replaceAll("/usr/local/bin/eider", join(scene, "eider")));
    const { exitCode, output } = run(["systemd-analyze", "verify", "--man=no", unit]);
    rmSync(scene, { recursive: true });
    expect({ exitCode, about: output.split("\n").filter((line) => line.includes("eider.service")) }).toEqual({
      exitCode: 0,
      about: [],
    });
  },
);

const haproxy = checker("haproxy", "/usr/sbin/haproxy");
test.skipIf(haproxy === null)("HAProxy takes deploy/haproxy.cfg, without a warning (skipped without haproxy)", () => {
  const scene = mkdtempSync(join(tmpdir(), "eider-haproxy-"));
  const config = read("deploy/haproxy.cfg").replaceAll(/(server eider-\d) eider-\d:/g, "$1 127.0.0.1:");
  const check = (text: string) => {
    writeFileSync(join(scene, "haproxy.cfg"), text);
    return run([haproxy!, "-c", "-f", join(scene, "haproxy.cfg")]);
  };
  expect(check(config)).toEqual({ exitCode: 0, output: "Configuration file is valid\n" });
  expect(check(config.replace("leastconn", "mostconn")).exitCode).toBe(1);
  rmSync(scene, { recursive: true });
});

test("nginx and HAProxy are told of the same nodes and ports", () => {
  const servers = (text: string) => [...new Set(text.match(/\beider-\d:\d+/g))].toSorted();
  const expected = [1143, 1993, 1110, 1995, 2424, 8080].flatMap((port) => [`eider-1:${port}`, `eider-2:${port}`]);
  for (const file of ["deploy/nginx.conf", "deploy/haproxy.cfg"])
    expect(servers(read(file))).toEqual(expected.toSorted());
});

const manifests = ["settings", "services", "eider"].map((name) => `deploy/kubernetes/${name}.yaml`);
const kubernetesValidate = checker(
  "kubernetes-validate",
  join(process.env.SECANTUS_VENV ?? "/opt/secantus", "bin/kubernetes-validate"),
);
test.skipIf(kubernetesValidate === null)(
  "Kubernetes' own schemas take the manifests, unknown fields refused (skipped without kubernetes-validate)",
  () => {
    const scene = mkdtempSync(join(tmpdir(), "eider-kubernetes-"));
    for (const version of ["1.31", "1.36"]) {
      const check = (...files: string[]) => run([kubernetesValidate!, "-k", version, "--strict", ...files]);
      expect(check(...manifests)).toMatchObject({ exitCode: 0 });
      writeFileSync(
        join(scene, "bad.yaml"),
        read("deploy/kubernetes/eider.yaml").replace("periodSeconds", "periodSecond"),
      );
      expect(check(join(scene, "bad.yaml")).exitCode).toBe(1);
    }
    rmSync(scene, { recursive: true });
  },
);

/** What the test reads of a manifest. */
type Manifest = {
  kind: string;
  metadata: { name: string };
  data: Record<string, string>;
  stringData: Record<string, string>;
  spec: {
    selector: { matchLabels: object };
    podSelector: { matchLabels: object };
    scaleTargetRef: object;
    ports: { targetPort: string }[];
    ingress: { ports: { port: string }[] }[];
    template: { metadata: { labels: object }; spec: PodSpec };
  };
};
type PodSpec = { containers: [Container]; volumes: { name: string }[]; terminationGracePeriodSeconds: number };
type Container = {
  ports: { name: string; containerPort: number }[];
  env: { name: string; value: string }[];
  startupProbe: { httpGet: object };
  readinessProbe: { httpGet: object; periodSeconds: number };
  lifecycle: { preStop: { exec: { command: string[] } } };
  volumeMounts: { name: string }[];
};
const objects = manifests.flatMap((file) =>
  read(file)
    .split(/^---$/m)
    .map((text) => Bun.YAML.parse(text) as Manifest),
);
const the = (kind: string, name = "eider") =>
  objects.find((each) => each.kind === kind && each.metadata.name === name)!;

test("the manifests fit together: selectors, ports, names, and time enough to drain", () => {
  const { spec } = the("Deployment");
  const labels = spec.template.metadata.labels;
  const [container] = spec.template.spec.containers;
  const { ports } = container;
  const exposed = /^EXPOSE (.*)$/m.exec(read("Dockerfile"))![1]!.split(" ").map(Number);
  expect(ports.map(({ containerPort }) => containerPort)).toEqual(exposed);
  const names = new Set(ports.map(({ name }) => name));
  expect(spec.selector.matchLabels).toEqual(labels);
  expect(the("PodDisruptionBudget").spec.selector.matchLabels).toEqual(labels);
  expect(the("NetworkPolicy").spec.podSelector.matchLabels).toEqual(labels);
  expect(the("HorizontalPodAutoscaler").spec.scaleTargetRef).toMatchObject({ kind: "Deployment", name: "eider" });
  const served: string[] = [];
  for (const service of objects.filter(({ kind }) => kind === "Service")) {
    expect<object>(service.spec.selector).toEqual(labels);
    for (const { targetPort } of service.spec.ports) served.push(targetPort);
  }
  expect(served.toSorted()).toEqual([...names].toSorted());
  for (const { ports } of the("NetworkPolicy").spec.ingress)
    for (const { port } of ports) expect(names).toContain(port);
  for (const probe of [container.startupProbe, container.readinessProbe])
    expect(probe.httpGet).toEqual({ path: "/ready", port: "http" });
  const pause = Number(container.lifecycle.preStop.exec.command[1]);
  expect(spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(pause * 1000 + drainLimit);
  expect(pause).toBeGreaterThan(container.readinessProbe.periodSeconds);
  const used = spec.template.spec.volumes.map(({ name }) => name).toSorted();
  expect(container.volumeMounts.map(({ name }) => name).toSorted()).toEqual(used);
  const kustomization = Bun.YAML.parse(read("deploy/kubernetes/kustomization.yaml")) as { resources: string[] };
  expect(kustomization.resources.map((file) => `deploy/kubernetes/${file}`).toSorted()).toEqual(manifests.toSorted());
});

test("the settings in the manifests and in docker-compose.yml are settings, and start a server of the MongoDB store", () => {
  const [container] = the("Deployment").spec.template.spec.containers;
  const given = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  const loaded = loadConfig({ cwd: "/", env: { ...the("ConfigMap").data, ...the("Secret").stringData, ...given } });
  expect(loaded).toMatchObject({ ok: true, config: { store: { kind: "mongodb" } }, warnings: [] });
  const compose = Bun.YAML.parse(read("docker-compose.yml")) as { "x-eider": { environment: Record<string, string> } };
  const { environment } = compose["x-eider"];
  const filled = Object.entries(environment).map(([name, value]) => [
    name,
    value.replace(/\$\{(\w+):-([^}]*)\}/, "$2").replace(/\$\{.*\}/, "0123456789abcdef"),
  ]);
  expect(loadConfig({ cwd: "/", env: Object.fromEntries(filled) })).toMatchObject({ ok: true, warnings: [] });
});
