import { expect, test } from "bun:test";
import { PrometheusMetrics } from "./metrics.ts";

const lines = async (metrics: PrometheusMetrics, pattern: RegExp) =>
  (await metrics.expose()).split("\n").filter((line) => pattern.test(line));

test("sessions in use go up and down by protocol", async () => {
  const metrics = new PrometheusMetrics("1.2.3");
  metrics.connected("imap");
  metrics.connected("imap");
  metrics.connected("pop3");
  metrics.disconnected("imap");
  expect(await lines(metrics, /^wildduck_active_sessions_total/)).toEqual([
    'wildduck_active_sessions_total{protocol="imap"} 1',
    'wildduck_active_sessions_total{protocol="pop3"} 1',
    'wildduck_active_sessions_total{protocol="lmtp"} 0',
    'wildduck_active_sessions_total{protocol="http"} 0',
  ]);
  expect(await lines(metrics, /^eider_connections_total.*imap/)).toEqual([
    'eider_connections_total{protocol="imap"} 2',
  ]);
});

test("a command's time is in every bucket from its own upwards, in the sum and in the count", async () => {
  const metrics = new PrometheusMetrics("1.2.3");
  metrics.command("imap", "FETCH", "ok", 0.0004);
  metrics.command("imap", "FETCH", "no", 0.1);
  metrics.command("imap", "FETCH", "ok", 60);
  const found = await lines(metrics, /^wildduck_request_duration_seconds/);
  const of = (le: string) => found.find((line) => line.includes(`le="${le}"`));
  const labels = 'protocol="imap",command="FETCH"';
  expect(of("0.00025")).toBe(`wildduck_request_duration_seconds_bucket{${labels},le="0.00025"} 0`);
  expect(of("0.0005")).toBe(`wildduck_request_duration_seconds_bucket{${labels},le="0.0005"} 1`);
  expect(of("0.1")).toBe(`wildduck_request_duration_seconds_bucket{${labels},le="0.1"} 2`);
  expect(of("+Inf")).toBe(`wildduck_request_duration_seconds_bucket{${labels},le="+Inf"} 3`);
  expect(found).toContain(`wildduck_request_duration_seconds_count{${labels}} 3`);
  expect(found).toContain(`wildduck_request_duration_seconds_sum{${labels}} 60.1004`);
  expect(await lines(metrics, /^eider_commands_total/)).toEqual([
    `eider_commands_total{${labels},result="ok"} 2`,
    `eider_commands_total{${labels},result="no"} 1`,
  ]);
});

test("reading twice gives the same counts", async () => {
  const metrics = new PrometheusMetrics("1.2.3");
  metrics.login("imap", "failed");
  metrics.received(1000, "stored");
  metrics.received(500, "stored");
  const counts = /^eider_(logins|received)/;
  expect(await lines(metrics, counts)).toEqual([
    'eider_logins_total{protocol="imap",result="failed"} 1',
    'eider_received_messages_total{result="stored"} 2',
    'eider_received_bytes_total{result="stored"} 1500',
  ]);
  expect(await lines(metrics, counts)).toEqual(await lines(metrics, counts));
});

test("what clients send as commands cannot make series without end", async () => {
  const metrics = new PrometheusMetrics("1.2.3");
  for (let n = 0; n < 5000; n += 1) metrics.command("imap", `X${n}`, "bad", 0.001);
  metrics.command("pop3", 'EVIL"}\n', "bad", 0.001);
  const series = await lines(metrics, /^wildduck_request_duration_seconds_count/);
  expect(series).toHaveLength(102);
  expect(series).toContain('wildduck_request_duration_seconds_count{protocol="imap",command="other"} 4900');
  expect(series).toContain('wildduck_request_duration_seconds_count{protocol="pop3",command="other"} 1');
});

test("all names begin with wildduck_ or eider_, and the process describes itself", async () => {
  const metrics = new PrometheusMetrics("1.2.3");
  metrics.gauge("eider_queue_length", "Requests that wait.", async () => 7);
  expect(await lines(metrics, /^(?!#|wildduck_(active_sessions_total|request_duration_seconds)|eider_|$)/)).toEqual([]);
  expect(await lines(metrics, /^eider_(info|queue_length)/)).toEqual([
    'eider_info{version="1.2.3"} 1',
    "eider_queue_length 7",
  ]);
  const [memory] = await lines(metrics, /^eider_process_resident_memory_bytes/);
  expect(Number(memory?.split(" ")[1])).toBeGreaterThan(1_000_000);
});
