import type { Command } from "../command.ts";
import { append } from "./append.ts";
import { authenticate } from "./authenticate.ts";
import { capability } from "./capability.ts";
import { check } from "./check.ts";
import { close } from "./close.ts";
import { copy } from "./copy.ts";
import { create } from "./create.ts";
import { deleteMailbox } from "./delete.ts";
import { enable } from "./enable.ts";
import { examine } from "./examine.ts";
import { expunge } from "./expunge.ts";
import { fetch } from "./fetch.ts";
import { getquota } from "./getquota.ts";
import { getquotaroot } from "./getquotaroot.ts";
import { id } from "./id.ts";
import { idle } from "./idle.ts";
import { list } from "./list.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { lsub } from "./lsub.ts";
import { move } from "./move.ts";
import { namespace } from "./namespace.ts";
import { noop } from "./noop.ts";
import { rename } from "./rename.ts";
import { search } from "./search.ts";
import { select } from "./select.ts";
import { setquota } from "./setquota.ts";
import { starttls } from "./starttls.ts";
import { status } from "./status.ts";
import { store } from "./store.ts";
import { subscribe } from "./subscribe.ts";
import { unselect } from "./unselect.ts";
import { unsubscribe } from "./unsubscribe.ts";
import { xlist } from "./xlist.ts";

/** Every command there is. */
export const imapCommands: readonly Command[] = [
  append,
  authenticate,
  capability,
  check,
  close,
  copy,
  create,
  deleteMailbox,
  enable,
  examine,
  expunge,
  fetch,
  getquota,
  getquotaroot,
  id,
  idle,
  list,
  login,
  logout,
  lsub,
  move,
  namespace,
  noop,
  rename,
  search,
  select,
  setquota,
  starttls,
  status,
  store,
  subscribe,
  unselect,
  unsubscribe,
  xlist,
];

const byName = new Map(imapCommands.map((command) => [command.name, command]));

/** The command of that name, in upper case. */
export function commandNamed(name: string): Command | undefined {
  return byName.get(name);
}
