import { expect, test } from "bun:test";
import type { AccountId } from "../domain/ids.ts";
import { Admission, type Place } from "./admission.ts";

const hot = "a".repeat(24) as AccountId;
const other = "b".repeat(24) as AccountId;

/** An admission, and a clock that is turned by hand. */
function scene(most: number) {
  let now = 0;
  const told: number[] = [];
  const admission = new Admission(
    most,
    () => now,
    () => told.push(now),
  );
  const enter = (count: number): Place[] => Array.from({ length: count }, () => admission.enter()!);
  const leave = (places: readonly Place[]): void => {
    for (const place of places) {
      admission.arrived(place);
      admission.leave(place);
    }
  };
  /** All places are taken, somebody is refused, and nothing comes of any message. */
  const press = (): void => {
    const places: Place[] = [];
    for (let place = admission.enter(); place !== null; place = admission.enter()) places.push(place);
    for (const place of places) admission.leave(place);
  };
  return {
    admission,
    enter,
    leave,
    pass: (ms: number) => {
      now += ms;
    },
    press,
    told,
    /** As many messages as are looked at together, each of which takes so long; and more than there are places for. */
    look(ms: number): void {
      for (let half = 0; half < 2; half++) {
        const places = enter(16);
        press();
        now += ms;
        leave(places);
      }
    },
    /** So many messages, one after the other, each of which takes so long. */
    deliver(count: number, ms: number): void {
      for (let at = 0; at < count; at++) {
        const places = enter(1);
        now += ms;
        leave(places);
      }
    },
  };
}

test("as many as there are places for are let in, and the next one is not", () => {
  const { admission, enter } = scene(100);
  enter(100);
  expect(admission.enter()).toBeNull();
  expect(admission.gauges().inside).toBe(100);
});

test("once somebody was refused there are fewer places, until for half a second nobody was", () => {
  const { admission, enter, leave, pass } = scene(400);
  const places = enter(400);
  expect(admission.enter()).toBeNull();
  expect(admission.gauges().places).toBe(50);
  leave(places.splice(0, 350));
  expect(admission.enter()).toBeNull();
  leave(places.splice(0, 1));
  expect(admission.enter()).not.toBeNull();
  pass(400);
  expect(admission.turnsAway()).toBe(true);
  pass(499);
  expect(admission.gauges().places).toBeLessThan(400);
  pass(2);
  expect(admission.gauges()).toEqual({ inside: 50, places: 400 });
});

test("in overload there are fewer places where messages take more than twice as long as usual, and more where they do not", () => {
  const { admission, deliver, press, look } = scene(400);
  deliver(64, 5);
  press();
  expect(admission.gauges().places).toBe(50);
  look(11);
  expect(admission.gauges().places).toBe(40);
  look(11);
  expect(admission.gauges().places).toBe(32);
  look(9);
  expect(admission.gauges().places).toBe(34);
  for (let at = 0; at < 200; at++) look(1);
  expect(admission.gauges().places).toBe(400);
});

test("in overload there are never fewer than sixteen places", () => {
  const { admission, deliver, press, look } = scene(400);
  deliver(64, 5);
  press();
  for (let at = 0; at < 50; at++) look(20);
  expect(admission.gauges().places).toBe(16);
});

test("a store that has become slower for good is given as many messages as before, after some seconds", () => {
  const { admission, deliver, press, look } = scene(400);
  deliver(64, 5);
  press();
  for (let ms = 0; ms < 10_000; ms += 100) look(50);
  expect(admission.gauges().places).toBe(16);
  for (let ms = 0; ms < 60_000; ms += 100) look(50);
  expect(admission.gauges().places).toBe(400);
});

test("in overload one account has a quarter of the places, whatever else there is; at other times as many as it wants", () => {
  const { admission, enter, leave } = scene(160);
  const places = enter(160);
  for (const place of places) expect(admission.allots(place, hot)).toBe(true);
  expect(admission.enter()).toBeNull();
  leave(places);
  const some = enter(10);
  const allotted = some.map((place) => admission.allots(place, hot));
  const quarter = Math.ceil(admission.gauges().places / 4);
  expect(allotted.filter(Boolean).length).toBe(Math.min(10, quarter));
  expect(admission.allots(some[9]!, other)).toBe(true);
});

test("a message that takes long to arrive does not count until it is there, and there are four times as many of them at most", () => {
  const { admission, enter, pass } = scene(20);
  const slow = enter(20);
  pass(2000);
  const second = enter(20);
  expect(admission.gauges().inside).toBe(40);
  expect(admission.enter()).toBeNull();
  pass(2000);
  enter(20);
  pass(2000);
  enter(20);
  pass(2000);
  expect(admission.gauges().inside).toBe(80);
  expect(admission.enter()).toBeNull();
  admission.leave(slow[0]!);
  admission.arrived(second[0]!);
  expect(admission.enter()).not.toBeNull();
  expect(admission.gauges().inside).toBe(80);
});

test("where messages are quick a slow one stands in nobody's way after ten times their time, and not before 200 ms", () => {
  for (const [usual, patience] of [
    [5, 200],
    [60, 600],
    [900, 2000],
  ] as const) {
    const { admission, enter, deliver, pass } = scene(400);
    deliver(64, usual);
    enter(400);
    pass(patience - 1);
    expect(admission.turnsAway()).toBe(true);
    pass(1);
    expect(admission.turnsAway()).toBe(false);
    expect(admission.gauges().inside).toBe(400);
  }
});

test("the operator is told when overload begins, once a minute at most", () => {
  const { press, pass, told } = scene(100);
  for (let ms = 0; ms < 130_000; ms += 1000) {
    press();
    press();
    pass(1000);
  }
  expect(told).toEqual([0, 60_000, 120_000]);
});

test("whoever leaves twice leaves once", () => {
  const { admission, enter, leave } = scene(10);
  const [place] = enter(3);
  admission.allots(place!, hot);
  leave([place!, place!]);
  expect(admission.gauges().inside).toBe(2);
});
