import { z } from "zod";
import { problem } from "./answers.ts";
import type { Operation, OtherAnswer } from "./operation.ts";

type Json = Record<string, unknown>;

/**
 * The API described for programs, from the very schemas that check it.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Eider API",
      version,
      description:
        "Users, mailboxes, messages and sessions of an Eider mailbox server. Compatible with WildDuck's API.",
      license: { name: "MIT", identifier: "MIT" },
    },
    security: [{ accessTokenHeader: [] }, { bearer: [] }, { accessTokenQuery: [] }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problem) },
      securitySchemes: {
        accessTokenHeader: { type: "apiKey", in: "header", name: "X-Access-Token" },
        accessTokenQuery: { type: "apiKey", in: "query", name: "accessToken" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function describe(operation: Operation): Json {
  const { properties } = schemaOf(operation.params) as { properties: Record<string, Json> };
  const inPath = new Set([...operation.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!));
  const names = Object.keys(properties);
  const inBody = operation.method === "POST" || operation.method === "PUT";
  const needed = (name: string) => !(operation.params.shape[name] as z.ZodType).safeParse(undefined).success;
  const parameters = names
    .filter((name) => inPath.has(name) || !inBody)
    .map((name) => ({
      name,
      in: inPath.has(name) ? "path" : "query",
      required: inPath.has(name) || needed(name),
      schema: properties[name],
    }));
  const body = names.filter((name) => inBody && !inPath.has(name));
  const required = body.filter(needed);
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.access === "anyone" ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body.length > 0
      ? {
          requestBody: {
            required: required.length > 0,
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  properties: Object.fromEntries(body.map((name) => [name, properties[name]])),
                  ...(required.length > 0 ? { required } : {}),
                },
              },
              ...(operation.body === "raw"
                ? { "message/rfc822": { schema: { type: "string", format: "binary" } } }
                : {}),
            },
          },
        }
      : {}),
    responses: {
      200: { description: "Done", content: answerContent(operation.answer) },
      default: {
        description: "Refused or failed",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function answerContent(answer: z.ZodType | OtherAnswer): Json {
  if (!(answer instanceof z.ZodType)) {
    return { [answer.type]: { schema: { type: "string", description: answer.description } } };
  }
  const schema = schemaOf(answer) as { properties?: Json; required?: string[] };
  return {
    "application/json": {
      schema: {
        ...schema,
        properties: { success: { type: "boolean", const: true }, ...schema.properties },
        required: ["success", ...(schema.required ?? [])],
      },
    },
  };
}

function schemaOf(schema: z.ZodType): Json {
  const {
    $schema: _,
    additionalProperties: __,
    ...json
  } = z.toJSONSchema(schema, {
    io: "output",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type === "date") Object.assign(jsonSchema, { type: "string", format: "date-time" });
    },
  }) as Json;
  return json;
}
