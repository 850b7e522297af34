import type { ServerActionResolvers } from '../generated.ts';
import { upstreamReaders } from './upstream-value.ts';

const { text, timestamp } = upstreamReaders('nova');

/** ServerAction's fields from Nova's instance action. */
export const ServerAction: ServerActionResolvers = {
  action: (action) => text(action, 'action'),
  openstackRequestId: (action) => action.request_id,
  userId: (action) => text(action, 'user_id'),
  projectId: (action) => text(action, 'project_id'),
  message: (action) => text(action, 'message'),
  createdAt: (action) => timestamp(action, 'start_time'),
  updatedAt: (action) => timestamp(action, 'updated_at'),
};
