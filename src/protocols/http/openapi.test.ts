import { describe, expect, test } from "bun:test";
import { openApiDocument } from "./openapi.ts";
import { operations } from "./operations.ts";

type Described = {
  operationId: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  requestBody?: { content: Record<string, { schema: { properties: Record<string, unknown>; required?: string[] } }> };
};
const document = openApiDocument(operations, "1.2.3");
const paths = document.paths as Record<string, Record<string, Described>>;

describe("openApiDocument", () => {
  test("has every operation once, under its own id", () => {
    const ids = Object.values(paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId));
    expect(ids.toSorted()).toEqual(operations.map(({ id }) => id).toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("tells path from query from body", () => {
    const list = paths["/users/{user}/mailboxes/{mailbox}/messages"]!.get!;
    const limit = list.parameters!.find(({ name }) => name === "limit")!;
    expect(limit).toMatchObject({
      in: "query",
      required: false,
      schema: { type: "integer", minimum: 1, maximum: 250, default: 20 },
    });
    expect(list.parameters!.find(({ name }) => name === "mailbox")).toMatchObject({ in: "path", required: true });
    const create = paths["/users"]!.post!.requestBody!.content["application/json"]!.schema;
    expect(create.required).toEqual(["username", "password"]);
    expect(create.properties.quota).toMatchObject({ type: "integer", minimum: 0 });
  });

  test("names every placeholder of a path as a parameter", () => {
    for (const [path, methods] of Object.entries(paths)) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!);
      for (const { parameters = [] } of Object.values(methods)) {
        const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
        expect(inPath.toSorted()).toEqual(placeholders.toSorted());
      }
    }
  });

  test("says which operations need no token", () => {
    const open = operations.filter(({ access }) => access === "anyone").map(({ path }) => path);
    expect(open.toSorted()).toEqual(["/", "/health", "/openapi.json", "/ready"]);
    expect(paths["/health"]!.get!.security).toEqual([]);
    expect(paths["/users"]!.get!.security).toBeUndefined();
  });
});
