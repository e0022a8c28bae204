import { expect, test } from "bun:test";
import { bytesOf } from "../mime/binary-string.ts";
import { foldHeaderText, HeaderText } from "./header-text.ts";

const header = new HeaderText(
  bytesOf(`From: "J\xc3\xb6rg \\"Joe\\" Doe" <joerg@x.org>
To: =?utf-8?q?Caf=C3=A9?= =?utf-8?q?_Bar?= <cafe@y.org>, Team: c@z.org;
Subject: =?iso-8859-1?q?na=EFve?=
 folded subject
Date: Mon, 2 Jan 2023 23:30:00 -0800
X-Empty:
`),
);
const has = (field: string, text: string) => header.fieldHas(field, foldHeaderText(text));

test("HeaderText matches decoded, unfolded values without regard to letter case", () => {
  expect(has("subject", "NAÏVE FOLDED")).toBe(true);
  expect(has("subject", "=?iso")).toBe(false);
  expect(has("from", "naive")).toBe(false);
});

test("HeaderText matches names and addresses of address fields, as written and as meant", () => {
  expect(has("from", 'jörg "joe" doe <JOERG@x.org>')).toBe(true);
  expect(has("to", "café bar <cafe@")).toBe(true);
  expect(has("to", "c@z.org")).toBe(true);
  expect(has("to", "team:")).toBe(true);
});

test("HeaderText takes any run of blanks for one space, wherever it comes from", () => {
  const folded = new HeaderText(bytesOf("Subject: folded\r\n\twith a  tab\r\n"));
  for (const text of ["folded with a tab", "folded\twith", "a   tab"]) {
    expect(folded.fieldHas("subject", foldHeaderText(text))).toBe(true);
    expect(folded.has(foldHeaderText(text))).toBe(true);
  }
  expect(folded.fieldHas("subject", foldHeaderText("foldedwith"))).toBe(false);
});

test("HeaderText: an empty text asks whether the field is there", () => {
  expect([has("x-empty", ""), has("x-none", ""), has("x-empty", "a")]).toEqual([true, false, false]);
});

test("HeaderText as a whole matches names of fields too, each field for itself", () => {
  expect(header.has(foldHeaderText("Subject: Naïve"))).toBe(true);
  expect(header.has("x-empty")).toBe(true);
  expect(header.has("joe\0joe")).toBe(false);
});

test("HeaderText tells the day of the Date field as written", () => {
  expect(header.sentDay()).toBe(Date.UTC(2023, 0, 2) / 86_400_000);
  expect(new HeaderText(bytesOf("Date: never\n")).sentDay()).toBeNull();
  expect(new HeaderText(bytesOf("")).sentDay()).toBeNull();
});
