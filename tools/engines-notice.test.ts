import { expect, test } from "bun:test";
import { enginesNotice } from "./engines-notice.ts";

test("enginesNotice is one line that names what is missing, and silent when nothing is", () => {
  expect(enginesNotice({})).toContain("need MONGODB_URL and REDIS_URL");
  expect(enginesNotice({ MONGODB_URL: "mongodb://h" })).toContain("need REDIS_URL ");
  expect(enginesNotice({ MONGODB_URL: "mongodb://h", REDIS_URL: "redis://h" })).toBeNull();
});
