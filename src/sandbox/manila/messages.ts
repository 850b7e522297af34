import { type Cloud, isAdmin } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, one } from '../http.ts';
import { messageView } from './view.ts';

/** GET /messages, newest first; filtered by equality. */
export function listMessages(cloud: Cloud, call: Call): ApiResponse {
  const views = cloud.messages.filter((message) => isAdmin(call.token) || message.projectId === call.token.project?.id);
  const fields = ['resource_id', 'request_id', 'action_id', 'detail_id', 'message_level', 'resource_type'] as const;
  const since = call.version >= 52 ? Date.parse(one(call.query, 'created_since') ?? '') : Number.NaN;
  const messages = views
    .filter((message) => Number.isNaN(since) || message.createdAt >= since)
    .map((message) => messageView(message, call))
    .filter((view) =>
      fields.every((field) => one(call.query, field) === undefined || one(call.query, field) === view[field]),
    )
    .reverse();
  const start = Number(one(call.query, 'offset') ?? 0);
  return { status: 200, body: { messages: messages.slice(start, start + Number(one(call.query, 'limit') ?? 1000)) } };
}

/** GET /messages/{id}. */
export function showMessage(cloud: Cloud, call: Call): ApiResponse {
  const found = cloud.messages.find((message) => message.id === call.params.id);
  const isMine = found && (isAdmin(call.token) || found.projectId === call.token.project?.id);
  if (!isMine) throw notFound(`Message ${call.params.id} could not be found.`);
  return { status: 200, body: { message: messageView(found, call) } };
}

const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
