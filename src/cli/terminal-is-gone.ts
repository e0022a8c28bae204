import { closeSync, openSync } from "node:fs";

/**
 * Answers what tells whether the terminal that this process belongs to now has been closed since; always false where
 * there is none. The kernel takes a terminal away from its processes when its window is closed.
 */
export function terminalIsGone(): () => boolean {
  const atTerminal = process.stdout.isTTY === true && terminalIsThere();
  return () => atTerminal && !terminalIsThere();
}

function terminalIsThere(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
