/** Why an aim is missed or a peer is better, as far as it was measured; shown only while that is so. By workload and figure. */
export const reasons: Readonly<Record<string, string>> = {
  "deliver.ten":
    "What comes while a commit is under way waits for the next, so with ten connections half of the commits carry one message; on busy cores Eider's few threads all want a core, where Dovecot's processes mostly wait for the disk.",
  "deliver-many.ofAppend":
    "The disk is not what limits: the bare loop spends nothing on a message but its copy, a delivery costs its CPU time (see the profile) on the two cores that it shares with the load generator.",
  "idle.plain":
    "Memory is up to the garbage collector: it returns pages when it sees a reason, and single runs differ by a factor of two.",
  "idle.tls":
    "Memory is up to the garbage collector: it returns pages when it sees a reason, and single runs differ by a factor of two.",
  "idle-many.memory":
    "Memory is up to the garbage collector: it returns pages when it sees a reason, and single runs differ by a factor of two.",
};
