import { type Api, ApiRefusal } from "./api.ts";
import { CommandFailure } from "./failure.ts";

/** The id of the user with this name or address; throws `CommandFailure` where there is none. */
export async function userId(api: Api, address: string): Promise<string> {
  try {
    return (await api.get<{ id: string }>(`/users/resolve/${encodeURIComponent(address)}`)).id;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) {
      throw new CommandFailure(`There is no user ${address}`, "", "`eider user list` shows all");
    }
    throw error;
  }
}

/** The fields of GET /users/:user that the command line shows. */
export type UserDetails = {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly address: string;
  readonly disabled: boolean;
  readonly suspended: boolean;
  readonly activated: boolean;
  readonly hasPasswordSet: boolean;
  readonly created: string;
  readonly limits: { readonly quota: { readonly allowed: number; readonly used: number } };
};

export type UserListing = Omit<UserDetails, "limits" | "created"> & {
  readonly quota: { readonly allowed: number; readonly used: number };
};
