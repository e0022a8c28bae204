import { command } from "../command.ts";
import { err, ok } from "../reply.ts";
import { optionalText } from "../wire/rules.ts";

/**
 * UTF8: the client can take UTF-8 in headers. Messages go out as they are in either mode; the command exists for
 * clients that will not ask for mail without it.
 */
export const utf8 = command({
  name: "UTF8",
  rfc: ["6856 §2"],
  states: ["authorization"],
  args: optionalText,
  run: ({ args }) => (args === null ? ok("UTF-8 enabled") : err("UTF8 takes no argument")),
});
