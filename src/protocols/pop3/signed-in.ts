import type { Clock } from "../../actors/runtime/clock.ts";
import type { SessionHandle } from "../../actors/sessions/sessions.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { User } from "../../store/directory.ts";
import type { Maildrop } from "./maildrop.ts";

/** How long marks may go unseen by those who look at sessions. */
const showMarksMs = 1000;

/** Who has logged in, and the maildrop as this client sees it. */
export class SignedIn {
  readonly account: AccountId;
  readonly name: string;
  readonly handle: SessionHandle;
  readonly maildrop: Maildrop;

  readonly #clock: Clock;
  #showing: (() => void) | null = null;

  constructor(user: User, handle: SessionHandle, maildrop: Maildrop, clock: Clock) {
    this.account = user.id;
    this.name = user.username;
    this.handle = handle;
    this.maildrop = maildrop;
    this.#clock = clock;
  }

  /** Lets those who look at sessions see, before long, what QUIT would do. Putting it in words costs time, so not at each DELE. */
  showMarks(): void {
    this.#showing ??= this.#clock.after(showMarksMs, () => {
      this.#showing = null;
      this.handle.update({ marks: this.maildrop.describe() });
    });
  }

  leave(): void {
    this.#showing?.();
    this.handle.close();
  }
}
