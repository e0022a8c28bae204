import type { Operation } from "./operation.ts";
import { listArchived, listDeletedMailboxes, restoreArchived, restoreArchivedMessage } from "./resources/archived.ts";
import { authenticate, authenticated, invalidateToken, resetPassword } from "./resources/authentication.ts";
import { getHealth, getHealthDetails, getMetrics, getReady } from "./resources/health.ts";
import { getHome, getOpenApi } from "./resources/home.ts";
import { createMailbox, deleteMailbox, getMailbox, listMailboxes, updateMailbox } from "./resources/mailboxes.ts";
import { getAttachment, getMessage, getMessageSource } from "./resources/message-content.ts";
import { listMessages } from "./resources/message-list.ts";
import { uploadMessage } from "./resources/message-upload.ts";
import { deleteAllMessages, deleteMessage, updateMessage, updateMessageByBody } from "./resources/messages.ts";
import { resetQuota } from "./resources/quota.ts";
import { beginRestore, getRestore } from "./resources/restores.ts";
import { endSession, listSessions, logoutUser } from "./resources/sessions.ts";
import { getUpdates } from "./resources/updates.ts";
import { createUser, deleteUser, getUser, listUsers, resolveUser, updateUser } from "./resources/users.ts";

/**
 * The whole API. Where two paths fit a request, the first is meant: a new operation is a line here, and routing,
 * rights, metrics and /openapi.json know it.
 */
export const operations: readonly Operation[] = [
  getHome,
  getOpenApi,
  getHealth,
  getHealthDetails,
  getReady,
  getMetrics,
  authenticate,
  invalidateToken,
  authenticated,
  listSessions,
  endSession,
  listUsers,
  createUser,
  resolveUser,
  getUser,
  updateUser,
  deleteUser,
  logoutUser,
  resetPassword,
  resetQuota,
  beginRestore,
  getRestore,
  getUpdates,
  listMailboxes,
  createMailbox,
  getMailbox,
  updateMailbox,
  deleteMailbox,
  listMessages,
  uploadMessage,
  updateMessageByBody,
  deleteAllMessages,
  getMessage,
  updateMessage,
  deleteMessage,
  getMessageSource,
  getAttachment,
  listArchived,
  listDeletedMailboxes,
  restoreArchived,
  restoreArchivedMessage,
];
