const amongRefusals =
  "The senders and the server share two cores, and the server reads and answers some 12,000 commands a second beside the messages; each message waits its turn among them. The 99th percentile holds.";

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
  "overload.longer2": amongRefusals,
  "overload.longer5": amongRefusals,
  "overload.longer10": amongRefusals,
  "overload.back10": "It swings: in another run of the day it took 250 ms, with more capacity offered.",
  "one-bad-client.largeText":
    "Each request carries 40 MB through the main thread, in as octets and out as JSON. By CPU time its longest turn was 33 ms; what comes on top of that was not looked into.",
  "one-bad-client.unreadDownloads":
    "A thousand connections come at once, before any limit can tell whose they are. Beginning their requests in slices has halved it (151 to 75 ms); what is left was not looked into.",
  "change.expunge": "Both swing: in another run of the day Dovecot took 18.9 ms and Eider 3.5, which is above the aim.",
  "select.warmSmall": "Both answer in less than half a millisecond, from memory.",
  "select.coldSmall":
    "The first request for an account after a start reads its snapshot and the log behind it; Dovecot reads the folder's index file.",
  "select.coldLarge":
    "The first request for an account after a start reads its snapshot and the log behind it; Dovecot reads the folder's index file.",
  "start.login":
    "Some 175 ms are spent until the modules of the main thread are loaded, before anything is opened; in a quieter run of the day it took 393 ms.",
};
