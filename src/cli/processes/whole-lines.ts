import type { LogOutput } from "../../operation/pino-logger.ts";

/**
 * Hands on what comes out of `stream` line by line, so that lines of several processes never run into each other; a last
 * line that was cut off is ended. Resolves at the stream's end.
 */
export async function wholeLines(stream: ReadableStream<Uint8Array>, output: LogOutput): Promise<void> {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const bytes of stream) {
    const text = begun + decoder.decode(bytes, { stream: true });
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) output.write(text.slice(0, end));
    begun = text.slice(end);
  }
  begun += decoder.decode();
  if (begun !== "") output.write(`${begun}\n`);
}
