/** The facts about a command and what it does; smtp-server reads it from the wire and checks its parameters. */
export type CommandFacts<Run> = { readonly name: string; readonly rfc: readonly string[]; readonly run: Run };

/** Declares a command. */
export function command<Run>(facts: CommandFacts<Run>): CommandFacts<Run> {
  return facts;
}
