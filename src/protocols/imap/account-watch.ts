import type { Announcement, Watcher } from "../../actors/account/requests.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Session } from "./session.ts";
import type { View } from "./view.ts";

/**
 * Hears of changes of the account for a session that selects a mailbox. It begins before the mailbox is opened, so
 * that nothing falls between what was opened and what is announced.
 */
export class AccountWatch implements Watcher {
  readonly #session: Session;
  readonly #end: () => void;
  /** Announced before there was a view. */
  #early: Announcement[] | null = null;
  #missed = false;

  constructor(session: Session, account: AccountId) {
    this.#session = session;
    this.#end = session.server.services.accounts.watch(account, this);
  }

  /** The view is there: it takes in what has been announced meanwhile, and what is from now on. */
  begin(view: View): void {
    for (const announcement of this.#early ?? []) view.fold(announcement, null);
    this.#early = null;
    if (this.#missed) view.lag();
  }

  end(): void {
    this.#end();
  }

  announced(announcement: Announcement): void {
    const { view, own } = this.#session;
    if (view === null) {
      this.#early ??= [];
      if (this.#early.length < mostEarly) this.#early.push(announcement);
      else this.#missed = true;
      return;
    }
    const { path } = view;
    view.fold(announcement, own);
    if (view.path !== path) this.#session.user!.record.update({ mailbox: view.path });
    this.#session.idle?.push();
  }

  lagged(): void {
    const { view } = this.#session;
    if (view === null) this.#missed = true;
    else {
      view.lag();
      this.#session.idle?.push();
    }
  }
}

const mostEarly = 256;
