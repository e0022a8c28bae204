/** The grammar, rule by rule: what a command's `args` is made of. */
export { appendOpening, appendRequest } from "./grammar/append.ts";
export { authenticateRequest, authenticationLine } from "./grammar/authenticate.ts";
export { capabilities } from "./grammar/capabilities.ts";
export { createRequest } from "./grammar/create.ts";
export { date, dateTime } from "./grammar/dates.ts";
export { fetchRequest } from "./grammar/fetch.ts";
export { flag, flagList } from "./grammar/flags.ts";
export { idRequest } from "./grammar/id.ts";
export { listRequest } from "./grammar/list.ts";
export { listMailbox, listReference, mailbox } from "./grammar/mailbox.ts";
export { modSequence, number, number64, nzNumber } from "./grammar/numbers.ts";
export { quotaLimits } from "./grammar/quota.ts";
export { offeredCharsets, searchRequest } from "./grammar/search.ts";
export { selectRequest } from "./grammar/select.ts";
export { statusItems } from "./grammar/status.ts";
export { storeUpdate } from "./grammar/store.ts";
export { astring, atom, credential, nstring, string } from "./grammar/strings.ts";
/** uid-set and sequence-set are written alike; what the numbers mean is up to the command. */
export { sequenceSet, sequenceSet as uidSet } from "./sequence-set.ts";
