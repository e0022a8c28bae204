import { addressOf, bytesOf, entryOf, newAccountId, newMessageId, textBytes, userOf } from "../contract-fixtures.ts";
import type { Stores } from "../stores.ts";

const day = 24 * 60 * 60 * 1000;

/** Calls every operation of every port, in each of its ways: what a test on the wire looks at. */
export async function everyOperation(
  stores: Stores,
  clock: { now(): number; advance(ms: number): void },
): Promise<void> {
  const { log, state, blobs, directory } = stores;
  const account = newAccountId();
  const message = newMessageId();

  const entry = entryOf(account, 1, { bodies: [textBytes("body")] });
  await log.append([entry, entryOf(newAccountId(), 1)]);
  await log.append([entryOf(account, 1), entryOf(account, 2)]);
  await log.read(account, 0, 10, "bodies");
  await log.read(account, 1, 10, "no bodies");
  await log.heads([account, newAccountId()]);
  await log.bodies(account, [{ seq: 1, index: 0 }]);
  for await (const _ of log.accounts());
  await log.saveBase({ account, seq: 1, at: clock.now(), name: "first", parts: [bytesOf(3)] });
  await log.saveBase({ account, seq: 2, at: clock.now(), name: "second", parts: [bytesOf(3), bytesOf(4)] });
  await log.base(account);
  await log.compaction(account);
  await log.trim(account, 0, 1, [{ seq: 1, index: 0 }]);
  await log.dropBodies(account, [{ seq: 1, index: 0 }]);
  await log.putBodies(newAccountId(), [{ seq: 1, index: 0, bytes: bytesOf(3) }]);

  for (const seq of [1, 2]) {
    const parts = new Map([[`part ${seq}`, bytesOf(10)]]);
    await state.saveSnapshot({ account, seq, head: bytesOf(3), names: [...parts.keys()], parts });
  }
  const broken = { account, seq: 3, head: bytesOf(3), names: ["lost"], parts: new Map() };
  await state.saveSnapshot(broken).catch(() => {});
  await state.loadSnapshot(account);
  await state.dropSnapshot(newAccountId());
  const fields = {
    place: bytesOf(1),
    envelope: bytesOf(1),
    bodystructure: bytesOf(1),
    anatomy: bytesOf(1),
    summary: bytesOf(1),
  };
  await state.saveMessages(account, [{ message, ...fields }]);
  await state.loadMessages(account, [message, newMessageId()], ["envelope"]);
  await state.deleteMessages(account, [message]);

  const put = async (size: number) => {
    const writer = blobs.create();
    await writer.write(bytesOf(size, clock.now() & 255));
    return (await writer.finish()).blob;
  };
  const [small, large] = [await put(1000), await put(2_500_000)];
  await put(1000);
  await put(2_500_000);
  const left = blobs.create();
  await left.write(bytesOf(2_000_000, 9));
  await left.abort();
  await blobs.read(large, 10, 10);
  await blobs.read(large, 10, 600_000);
  await blobs.reference([
    { blob: small, account, message },
    { blob: large, account, message },
  ]);
  for await (const _ of blobs.references(account));
  clock.advance(2 * day);
  await blobs.sweep(clock.now() - day);
  await blobs.unreference([{ blob: small, account, message }]);
  await blobs.drop(account);
  clock.advance(2 * day);
  await blobs.sweep(clock.now() - day);

  const user = userOf("anna");
  await directory.insertUser(user, addressOf(user));
  const rival = userOf("anna2", { address: user.address });
  await directory.insertUser(rival, addressOf(rival));
  await directory.userById(user.id);
  await directory.userByView(user.usernameView);
  await directory.userByView("anna@example.com");
  await directory.userByView("nobody", user.usernameView);
  await directory.addressByView("anna@example.com");
  await directory.addressesOf(user.id);
  await directory.updateUser(user.id, 0, { name: "Anna" });
  await directory.updateUser(user.id, 0, {});
  await directory.insertAddress(addressOf(user, "second@example.com"));
  await directory.deleteAddress("second@example.com");
  await directory.listUsers({ limit: 5 });
  await directory.listUsers({ limit: 5, after: user.id });
  await directory.listUsers({ limit: 5, before: user.id, query: "anna" });
  await directory.countUsers();
  await directory.putSettingOnce("key", "value");
  await directory.putSettingOnce("key", "value");
  await directory.setting("key");
  await directory.deleteUser(user.id);

  await state.drop(account);
  await log.drop(account);
}
