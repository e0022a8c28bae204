import type { Flag } from "../account/events.ts";
import { hasUid } from "../account/uid-runs.ts";
import type { SearchCriteria } from "./criteria.ts";
import { foldText } from "./fold-text.ts";
import { foldHeaderText, type HeaderText } from "./header-text.ts";
import { all, any, not, type Verdict } from "./verdict.ts";

/** What the columns of a mailbox say of one message. One object may serve for all rows, its fields set anew. */
export type ColumnRow = {
  uid: number;
  modseq: number;
  /** Octets of the whole message. */
  size: number;
  /** Internal date, seconds since 1970. */
  date: number;
  /** In any letter case, as flags are (RFC 9051 §2.3.2). */
  hasFlag(flag: Flag): boolean;
};

/** What is known of a message so far. */
export type Facts = {
  readonly row: ColumnRow;
  /** Null: not read yet. */
  readonly header: HeaderText | null;
  /** Whether the body holds this text (folded). Null: not read yet. */
  readonly bodyHas: ((needle: string) => Verdict) | null;
  /** Whether the header of a part of the body holds this text (by foldHeaderText). Null: not read yet. */
  readonly partHeaderHas: ((needle: string) => Verdict) | null;
};

/** Decides from the facts known; null where they leave it open. */
export type Test = (facts: Facts) => Verdict;

const secondsPerDay = 86_400;

/**
 * The criteria as one function. Tests that are cheap are made first, whatever their order: in AND and OR, columns come
 * before header, and header before body.
 *
 * @see RFC 9051 §6.4.4, RFC 7162 §3.1.5, RFC 5032
 */
export function prepare(criteria: SearchCriteria): Test {
  switch (criteria.kind) {
    case "all":
      return () => true;
    case "and": {
      const of = inOrderOfCost(criteria.of);
      return (facts) => all(of, (test) => test(facts));
    }
    case "or": {
      const of = inOrderOfCost(criteria.of);
      return (facts) => any(of, (test) => test(facts));
    }
    case "not": {
      const test = prepare(criteria.of);
      return (facts) => not(test(facts));
    }
    case "uids":
      return ({ row }) => hasUid(criteria.uids, row.uid);
    case "flag":
      return ({ row }) => row.hasFlag(criteria.flag);
    case "larger":
      return ({ row }) => row.size > criteria.size;
    case "smaller":
      return ({ row }) => row.size < criteria.size;
    case "internalDate":
      return ({ row }) => compareDay(Math.floor(row.date / secondsPerDay), criteria.is, criteria.day);
    case "arrived":
      return ({ row }) => (criteria.is === "before" ? row.date * 1000 < criteria.at : row.date * 1000 >= criteria.at);
    case "modseq":
      return ({ row }) => row.modseq >= criteria.from;
    case "sentDate":
      return ({ header }) => {
        if (header === null) return null;
        const day = header.sentDay();
        return day !== null && compareDay(day, criteria.is, criteria.day);
      };
    case "header": {
      const name = criteria.field.toLowerCase();
      const needle = foldHeaderText(criteria.text);
      return ({ header }) => header?.fieldHas(name, needle) ?? null;
    }
    case "body": {
      const needle = foldText(criteria.text);
      if (needle === "") return () => true;
      return ({ bodyHas }) => bodyHas?.(needle) ?? null;
    }
    case "text": {
      const needle = foldText(criteria.text);
      const inHeader = foldHeaderText(criteria.text);
      if (needle === "") return () => true;
      return ({ header, bodyHas, partHeaderHas }) =>
        any(
          [header?.has(inHeader) ?? null, bodyHas?.(needle) ?? null, partHeaderHas?.(inHeader) ?? null],
          (verdict) => verdict,
        );
    }
    default:
      return unreachable(criteria);
  }
}

/** What a search must read of a message, at most. */
export type Needs = "columns" | "header" | "body";

const costs: readonly Needs[] = ["columns", "header", "body"];

export function needsOf(criteria: SearchCriteria): Needs {
  switch (criteria.kind) {
    case "and":
    case "or": {
      const parts = criteria.of.map((one) => costs.indexOf(needsOf(one)));
      return costs[Math.max(0, ...parts)]!;
    }
    case "not":
      return needsOf(criteria.of);
    case "header":
    case "sentDate":
      return "header";
    case "body":
    case "text":
      return criteria.text === "" ? "columns" : "body";
    default:
      return "columns";
  }
}

export type Needles = {
  /** Folded, to be looked for in bodies. */
  readonly body: readonly string[];
  /** By foldHeaderText, to be looked for in headers of parts. */
  readonly partHeader: readonly string[];
};

/** The texts for which a body has to be read. */
export function needlesOf(criteria: SearchCriteria): Needles {
  const body = new Set<string>();
  const partHeader = new Set<string>();
  const visit = (one: SearchCriteria): void => {
    if (one.kind === "and" || one.kind === "or") one.of.forEach(visit);
    else if (one.kind === "not") visit(one.of);
    else if (one.kind === "body" || one.kind === "text") {
      if (one.text === "") return;
      body.add(foldText(one.text));
      if (one.kind === "text") partHeader.add(foldHeaderText(one.text));
    }
  };
  visit(criteria);
  return { body: [...body], partHeader: [...partHeader] };
}

function inOrderOfCost(of: readonly SearchCriteria[]): readonly Test[] {
  const cost = (one: SearchCriteria) => costs.indexOf(needsOf(one));
  return [...of].sort((a, b) => cost(a) - cost(b)).map(prepare);
}

function compareDay(day: number, is: "before" | "on" | "since", wanted: number): boolean {
  if (is === "before") return day < wanted;
  return is === "on" ? day === wanted : day >= wanted;
}

function unreachable(criteria: never): never {
  throw new Error(`Cannot search by ${JSON.stringify(criteria)}: no such criterion`);
}
