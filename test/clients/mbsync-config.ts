/** What mbsync is to keep in step: INBOX and all folders of a user, and a Maildir. `channel`: more lines of the channel. */
export function mbsyncConfig(
  at: { port: number; user: string; maildir: string },
  ...channel: readonly string[]
): string {
  return `
IMAPAccount eider
Host 127.0.0.1
Port ${at.port}
User ${at.user}
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account eider

MaildirStore near
Path ${at.maildir}/
Inbox ${at.maildir}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
${channel.map((line) => `${line}\n`).join("")}SyncState *
`;
}
