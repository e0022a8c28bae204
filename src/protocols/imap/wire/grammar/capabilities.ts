import { spaced } from "./lists.ts";
import { atom } from "./strings.ts";

/** capability *(SP capability) ; upper-case (RFC 5161 §3.1) */
export const capabilities = spaced((cursor) => atom(cursor).toUpperCase());
