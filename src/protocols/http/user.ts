import type { CreateResult, Directory } from "../../actors/directory/requests.ts";

/** A user as the directory tells of it. */
export type User = Extract<CreateResult, { ok: true }>["user"];
/** What the directory lets one change of a user. */
export type UserChange = Omit<Parameters<Directory["updateUser"]>[1], "password">;
export type UserPage = Awaited<ReturnType<Directory["listUsers"]>>;
