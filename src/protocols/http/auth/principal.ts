import type { AccountId } from "../../../domain/ids.ts";

/** Who asks. `root` may do everything; a user only what is their own. */
export type Principal = { readonly kind: "root" } | { readonly kind: "user"; readonly account: AccountId };

/** What an operation needs, in the words of WildDuck's roles: `read` of `users`, and whether owners may. */
export type Access =
  | "anyone"
  /** Whoever has a good token of any kind. */
  | "anyone known"
  | {
      readonly may: "read" | "create" | "update" | "delete";
      readonly what:
        | "users"
        | "mailboxes"
        | "messages"
        | "attachments"
        | "sessions"
        | "health"
        | "metrics"
        | "authentication";
      /** `own`: also the user whom the path names. */
      readonly whose: "any" | "own";
    };

/** Whether `principal` may use an operation on the account its path names (null: on none). */
export function mayUse(principal: Principal, access: Access, account: string | null): boolean {
  if (access === "anyone" || access === "anyone known" || principal.kind === "root") return true;
  return access.whose === "own" && account !== null && account === principal.account;
}
