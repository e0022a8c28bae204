import { readdirSync, readFileSync } from "node:fs";
import { Gauge, type Registry } from "prom-client";

/** What the process itself uses, read when somebody asks. */
export function registerProcessMetrics(registry: Registry, version: string): void {
  const gauge = (name: string, help: string, read: () => number | null) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read();
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  new Gauge({ name: "eider_info", help: "The version that runs.", labelNames: ["version"], registers: [registry] }).set(
    { version },
    1,
  );
  const started = Date.now() / 1000 - process.uptime();
  gauge("eider_process_start_time_seconds", "When the process started, seconds since 1970.", () => started);
  gauge("eider_process_cpu_seconds_total", "Processor time used, all threads.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge("eider_process_resident_memory_bytes", "Memory in use, all threads.", () => process.memoryUsage.rss());
  gauge("eider_heap_used_bytes", "JavaScript heap in use in the main thread.", () => process.memoryUsage().heapUsed);
  gauge(
    "eider_heap_total_bytes",
    "JavaScript heap reserved by the main thread.",
    () => process.memoryUsage().heapTotal,
  );
  gauge("eider_process_open_fds", "File descriptors in use.", openFileDescriptors);
  gauge("eider_process_max_fds", "File descriptors allowed.", maxFileDescriptors);
}

/** How many file descriptors are in use; null where the system does not say. */
export function openFileDescriptors(): number | null {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    // Only Linux has /proc; elsewhere the figure is left out.
    return null;
  }
}

/** How many file descriptors the process may have open (soft limit); null where the system does not say. */
export function maxFileDescriptors(): number | null {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return line ? Number(line[1]) : null;
  } catch {
    // As above.
    return null;
  }
}
