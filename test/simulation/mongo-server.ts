import { ObjectId } from "mongodb";
import { indexes } from "../../src/store/mongo/indexes.ts";

export type Document = Record<string, unknown> & { _id: unknown };
type Filter = Readonly<Record<string, unknown>>;
type Update = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export type FindOptions = {
  readonly sort?: Readonly<Record<string, number>>;
  readonly limit?: number;
  readonly projection?: Readonly<Record<string, number>>;
};

/** The key was taken, by the unique index of that name. */
export class DuplicateKey extends Error {}

// Ids are compared as text, over and over.
ObjectId.cacheHexString = true;

/**
 * As much of MongoDB as Eider relies on, in memory: documents under unique keys, each operation on one document at once
 * or not at all. What it is not known to do it refuses to do.
 */
export class MongoServer {
  readonly #collections = new Map<string, Collection>();

  collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (!collection) {
      const unique = (indexes[name] ?? []).filter((index) => index.unique).map(({ key }) => Object.keys(key as object));
      collection = new Collection(unique);
      this.#collections.set(name, collection);
    }
    return collection;
  }
}

export class Collection {
  /** Fields of each unique index. */
  readonly #unique: readonly (readonly string[])[];
  /** Every document that was ever inserted, as it was then. */
  readonly journal: Document[] = [];
  readonly #keys: Map<string, Document>[];
  /** All documents, by account where they have one. */
  readonly #shards = new Map<string, Document[]>();

  constructor(unique: readonly (readonly string[])[]) {
    this.#unique = [["_id"], ...unique];
    this.#keys = this.#unique.map(() => new Map());
  }

  insert(document: Document): void {
    this.#put(document);
    this.journal.push(document);
  }

  #put(document: Document): void {
    const keys = this.#unique.map((fields) => keyOf(document, fields));
    if (keys.some((key, index) => this.#keys[index]!.has(key))) throw new DuplicateKey();
    for (const [index, key] of keys.entries()) this.#keys[index]!.set(key, document);
    const shard = this.#shards.get(shardOf(document.account));
    if (shard) shard.push(document);
    else this.#shards.set(shardOf(document.account), [document]);
  }

  find(filter: Filter, { sort, limit, projection }: FindOptions = {}): Document[] {
    let found = this.#matching(filter);
    if (sort) found = sorted(found, sort);
    if (limit) found = found.slice(0, limit);
    return projection ? found.map((document) => projected(document, projection)) : found.map((each) => ({ ...each }));
  }

  /** `one`: only the first that matches. Answers how many matched. */
  update(filter: Filter, update: Update, one: boolean): number {
    const found = this.#matching(filter).slice(0, one ? 1 : undefined);
    for (const document of found) {
      const next = updated(document, update);
      this.delete({ _id: document._id }, true);
      this.#put(next);
    }
    return found.length;
  }

  upsert(filter: Filter, update: Update): void {
    if (this.update(filter, update, true) === 0) this.insert(updated({ ...filter } as Document, update));
  }

  delete(filter: Filter, one: boolean): number {
    const found = this.#matching(filter).slice(0, one ? 1 : undefined);
    for (const document of found) {
      for (const [index, fields] of this.#unique.entries()) this.#keys[index]!.delete(keyOf(document, fields));
      const shard = this.#shards.get(shardOf(document.account))!;
      shard.splice(shard.indexOf(document), 1);
    }
    return found.length;
  }

  /** `$match`, `$sort` and a `$group` that takes the `$first` of each: what heads and accounts are found with. */
  aggregate(pipeline: readonly Record<string, unknown>[]): Document[] {
    let documents = this.#all();
    for (const stage of pipeline) {
      if (stage.$match) documents = documents.filter((document) => matches(document, stage.$match as Filter));
      else if (stage.$sort) documents = sorted(documents, stage.$sort as Record<string, number>);
      else if (stage.$group) documents = grouped(documents, stage.$group as Record<string, unknown>);
      else throw new Error(`Not simulated: ${Object.keys(stage)}`);
    }
    return documents;
  }

  #all(): Document[] {
    return [...this.#shards.values()].flat();
  }

  #matching(filter: Filter): Document[] {
    if (filter._id instanceof ObjectId) {
      const found = this.#keys[0]!.get(keyOf(filter as Document, ["_id"]));
      return found && matches(found, filter) ? [found] : [];
    }
    const { account } = filter;
    const from = account instanceof ObjectId ? (this.#shards.get(account.toHexString()) ?? []) : this.#all();
    return from.filter((document) => matches(document, filter));
  }
}

const shardOf = (account: unknown) => (account instanceof ObjectId ? account.toHexString() : "");

type Scalar = string | number | undefined;

function scalar(value: unknown): Scalar {
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Date) return value.getTime();
  return value as Scalar;
}

function fieldOf(document: Document, path: string): unknown {
  if (!path.includes(".")) return document[path];
  let value: unknown = document;
  for (const name of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}

function keyOf(document: Document, fields: readonly string[]): string {
  return fields.map((field) => scalar(fieldOf(document, field))).join("\0");
}

function matches(document: Document, filter: Filter): boolean {
  for (const path in filter) if (!holds(scalar(fieldOf(document, path)), filter[path])) return false;
  return true;
}

function holds(value: Scalar, wanted: unknown): boolean {
  if (!isOperators(wanted)) return value === scalar(wanted);
  for (const operator in wanted) {
    const operand = wanted[operator];
    if (operator === "$in") {
      if (!(operand as readonly unknown[]).some((each) => scalar(each) === value)) return false;
    } else if (value === undefined || !compare(operator, value, scalar(operand)!)) return false;
  }
  return true;
}

function isOperators(wanted: unknown): wanted is Record<string, unknown> {
  return typeof wanted === "object" && wanted !== null && Object.getPrototypeOf(wanted) === Object.prototype;
}

function compare(operator: string, value: string | number, operand: string | number): boolean {
  switch (operator) {
    case "$gt":
      return value > operand;
    case "$gte":
      return value >= operand;
    case "$lt":
      return value < operand;
    case "$lte":
      return value <= operand;
    default:
      throw new Error(`Not simulated: ${operator}`);
  }
}

function sorted(documents: readonly Document[], sort: Readonly<Record<string, number>>): Document[] {
  const fields = Object.entries(sort);
  return [...documents].sort((a, b) => {
    for (const [field, direction] of fields) {
      const [x, y] = [scalar(fieldOf(a, field))!, scalar(fieldOf(b, field))!];
      if (x !== y) return x < y ? -direction : direction;
    }
    return 0;
  });
}

function projected(document: Document, projection: Readonly<Record<string, number>>): Document {
  const including = Object.values(projection).includes(1);
  const result: Record<string, unknown> = {};
  if (!including) for (const name in document) if (projection[name] !== 0) result[name] = document[name];
  if (including) {
    if (projection._id !== 0) result._id = document._id;
    for (const path in projection) {
      if (projection[path] !== 1) continue;
      const [name] = path.split(".");
      if (document[name!] !== undefined) result[name!] = document[name!];
    }
  }
  return result as Document;
}

function updated(document: Document, update: Update): Document {
  const next = { ...document };
  for (const [operator, fields] of Object.entries(update)) {
    for (const [path, value] of Object.entries(fields)) change(next, operator, path.split("."), value);
  }
  return next;
}

function change(parent: Record<string, unknown>, operator: string, [name, ...below]: string[], value: unknown): void {
  if (below.length > 0) {
    const child = parent[name!];
    // Where there is nothing, there is nothing to unset, and nothing is made of it.
    if (child === undefined && operator === "$unset") return;
    const copy = Array.isArray(child) ? [...child] : { ...(child as object) };
    parent[name!] = copy;
    change(copy as Record<string, unknown>, operator, below, value);
  } else if (operator === "$set") parent[name!] = value;
  else if (operator === "$max") parent[name!] = Math.max((parent[name!] as number) ?? -Infinity, value as number);
  else if (operator !== "$unset") throw new Error(`Not simulated: ${operator}`);
  else if (!Array.isArray(parent)) delete parent[name!];
  // An element of an array becomes null, and one that is not there stays so.
  else if (Number(name) < parent.length) parent[Number(name)] = null;
}

function grouped(documents: readonly Document[], { _id, ...fields }: Record<string, unknown>): Document[] {
  const groups = new Map<Scalar, Document>();
  for (const document of documents) {
    const id = fieldOf(document, (_id as string).slice(1));
    if (groups.has(scalar(id))) continue;
    const group: Document = { _id: id };
    for (const [name, accumulator] of Object.entries(fields)) {
      const { $first, ...others } = accumulator as { $first?: string };
      if ($first === undefined || Object.keys(others).length > 0) throw new Error("Not simulated: $group");
      group[name] = fieldOf(document, $first.slice(1));
    }
    groups.set(scalar(id), group);
  }
  return [...groups.values()];
}
