import shapes from "./contract.testing.json";

type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
};
type Contract = {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { responses: Record<string, { content?: Record<string, { schema?: Schema }> }> }>>
    >
  >;
};

/** The shapes of answers that clients of WildDuck's API rely on, of the operations that Eider has. */
const contract = shapes as unknown as Contract;

/** Where Eider answers otherwise, and why that is right. */
const exceptions: Readonly<Record<string, string>> = {
  "GET /users/{user} $.keyInfo": "false where there is no key, as WildDuck itself answers",
  "GET /users/{user}/mailboxes/{mailbox}/messages $.specialUse":
    "null where the mailbox has no special use, as elsewhere",
};

export type Checked = { readonly operation: string; readonly problems: readonly string[] };

/** Holds an answer to the contract; null where the contract does not know the operation. */
export function checkAnswer(method: string, path: string, answer: unknown): Checked | null {
  const known = template(contract, method, path);
  if (!known) return null;
  const schema = contract.paths[known]![method.toLowerCase()]!.responses["200"]?.content?.["application/json"]?.schema;
  const operation = `${method} ${known}`;
  if (!schema) return { operation, problems: [] };
  const found = problemsOf(contract, schema, answer, "$").filter(
    (problem) => exceptions[`${operation} ${problem.slice(0, problem.indexOf(":"))}`] === undefined,
  );
  return { operation, problems: found };
}

/** The contract's path that a request's path is one of; literal segments are preferred to placeholders. */
function template({ paths }: Contract, method: string, path: string): string | null {
  const segments = path.split("/");
  const fits = Object.keys(paths).filter((known) => {
    const wanted = known.split("/");
    return (
      paths[known]![method.toLowerCase()] !== undefined &&
      wanted.length === segments.length &&
      wanted.every((segment, at) => segment.startsWith("{") || segment === segments[at])
    );
  });
  return fits.sort((a, b) => a.split("{").length - b.split("{").length)[0] ?? null;
}

function problemsOf(of: Contract, schema: Schema, value: unknown, at: string): string[] {
  if (schema.$ref) return problemsOf(of, of.components.schemas[schema.$ref.split("/").pop()!]!, value, at);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) {
    const results = choices.map((choice) => problemsOf(of, choice, value, at));
    return results.some((problems) => problems.length === 0) ? [] : [`${at}: fits none of ${choices.length} choices`];
  }
  if (value === null && schema.enum?.includes(null)) return [];
  switch (schema.type) {
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at}: is no object`];
      const object = value as Record<string, unknown>;
      const missing = (schema.required ?? []).filter((name) => object[name] === undefined);
      return [
        ...missing.map((name) => `${at}.${name}: is missing`),
        ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
          object[name] === undefined ? [] : problemsOf(of, property, object[name], `${at}.${name}`),
        ),
      ];
    }
    case "array":
      if (!Array.isArray(value)) return [`${at}: is no array`];
      return value.flatMap((item, index) => problemsOf(of, schema.items ?? {}, item, `${at}[${index}]`));
    case "string":
    case "number":
    case "boolean":
      return typeof value === schema.type ? [] : [`${at}: is ${JSON.stringify(value)}, no ${schema.type}`];
    default:
      return [];
  }
}
