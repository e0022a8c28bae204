import type { History, User } from "./history.ts";
import { Life } from "./world.ts";

const patience = 15_000;

/** An administrator who deletes a user, through any node, and again until it is said to be done. */
export async function deleteUser(history: History, { user, account }: User): Promise<void> {
  const { ledger, world } = history;
  const life = new Life("admin");
  ledger.deletionAsked.add(account);
  for (;;) {
    const node = history.someNode();
    if (node?.services) {
      const { directory } = node.services;
      world.note(`admin deletes ${user} at ${node.life.name}`);
      const answer = Promise.withResolvers<string>();
      world.after(patience, life, () => answer.resolve("no answer"));
      world.after(world.random.wait(1), node.life, () => {
        void directory.deleteUser(account).then((result) => {
          if (!world.random.chance(0.1)) world.after(1, life, () => answer.resolve(result.ok ? "done" : result.why));
        });
      });
      const said = await answer.promise;
      if (said === "done" || said === "noSuchUser") {
        ledger.deletedUsers.add(account);
        return;
      }
    }
    await world.pause(history.pace * world.random.wait(50), life);
  }
}
