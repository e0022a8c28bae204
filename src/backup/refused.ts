/** What was asked for cannot be done here; nothing was. */
export class RestoreRefused extends Error {
  override readonly name = "RestoreRefused";
}

/** The account being put back refused a change: it is over quota, say. What was done before that is done. */
export class RollBackRefused extends Error {
  override readonly name = "RollBackRefused";
}
