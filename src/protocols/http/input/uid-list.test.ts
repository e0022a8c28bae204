import { expect, test } from "bun:test";
import { readUidList } from "./uid-list.ts";

test.each([
  ["5", [5, 5]],
  ["1,2,7", [1, 2, 7, 7]],
  ["1:100", [1, 100]],
  ["100:1", [1, 100]],
  [" 3 , 10:* ", [3, 3, 10, 0xffffffff]],
  ["4294967295", [0xffffffff, 0xffffffff]],
  ["1:3,2:5,6", [1, 6]],
])("readUidList reads %j", (text, runs) => {
  expect(readUidList(text)).toEqual(runs);
});

test.each(["", "0", "*", "a", "1,", "1:", "-1", "1.5", "4294967296", "99999999999", "1:2:3", "1;2", "*:5", "0x10"])(
  "readUidList refuses %j",
  (text) => {
    expect(readUidList(text)).toBeNull();
  },
);
