/** Whether this program is installed, and ends well when it is called like that. Nothing it prints is shown. */
export function runsWell(...command: readonly string[]): boolean {
  if (Bun.which(command[0]!) === null) return false;
  return Bun.spawnSync([...command], { stdio: ["ignore", "ignore", "ignore"] }).success;
}
