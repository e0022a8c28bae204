/** What the doctor has to say about one thing. */
export type Finding = {
  readonly about: string;
  readonly state: "ok" | "warning" | "failure";
  readonly text: string;
  /** For what is not ok: what to do. */
  readonly todo?: string;
};

export const ok = (about: string, text: string): Finding => ({ about, state: "ok", text });
export const warning = (about: string, text: string, todo: string): Finding => ({
  about,
  state: "warning",
  text,
  todo,
});
export const failure = (about: string, text: string, todo: string): Finding => ({
  about,
  state: "failure",
  text,
  todo,
});
