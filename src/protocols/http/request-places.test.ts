import { expect, test } from "bun:test";
import { RequestPlaces } from "./request-places.ts";

const places = () => new RequestPlaces({ perAddress: 2, perUser: 3, trusted: (address) => address === "127.0.0.1" });
const alice = { kind: "user", account: "aaaaaaaaaaaaaaaaaaaaaaaa" as never } as const;
const bob = { kind: "user", account: "bbbbbbbbbbbbbbbbbbbbbbbb" as never } as const;
const refused = "Too many requests at one time";

test("an address has so many until it is known who asks, then they are the user's", () => {
  const all = places();
  const enter = () => all.enter("192.0.2.1");
  const [first] = [enter(), enter()];
  expect(enter).toThrow(refused);
  all.enter("192.0.2.2").leave();
  first.belongsTo(alice);
  const third = enter();
  expect(enter).toThrow(refused);
  third.leave();
  enter().belongsTo(alice);
  enter().belongsTo(alice);
  const fourth = enter();
  expect(() => fourth.belongsTo(alice)).toThrow(refused);
  fourth.leave();
  enter().belongsTo(bob);
});

test("the root token's requests count for nobody, those of a shared address for their users alone", () => {
  const all = places();
  for (let n = 0; n < 10; n++) all.enter("192.0.2.1").belongsTo({ kind: "root" });
  for (let n = 0; n < 10; n++) all.enter("127.0.0.1");
  for (let n = 0; n < 3; n++) all.enter("127.0.0.1").belongsTo(alice);
  expect(() => all.enter("127.0.0.1").belongsTo(alice)).toThrow(refused);
});

test("nothing is kept of requests that are answered, however often their place is left", () => {
  const all = places();
  for (let n = 0; n < 5; n++) {
    const place = all.enter("2001:db8::1");
    if (n % 2) place.belongsTo(alice);
    place.leave();
    place.leave();
  }
  expect(all.size).toBe(0);
});
