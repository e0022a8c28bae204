/** Why a command could not do what it was asked; becomes one line on stderr and exit code 1. */
export class CommandFailure extends Error {
  /** @param what failed, @param why, @param todo what the person at the keyboard can do about it */
  constructor(what: string, why: string, todo?: string) {
    super([what, ...[why, todo].filter((part) => part)].join(": ").replace(/\s*\n\s*/g, " "));
    this.name = "CommandFailure";
  }
}

/** The words on the command line make no sense together; exit code 2. */
export class WrongUsage extends Error {}
