import { createHash } from 'node:crypto';
import type { AttachmentEvent, EventType, Fault } from '../attachments/attachment.ts';

/**
 * Nova's names of the events: `instance.<action>.<phase>` (nova objects/fields.py, NotificationAction and
 * NotificationPhase).
 */
const EVENT_TYPES: Readonly<Record<EventType, `instance.share_${'attach' | 'detach'}.${'start' | 'end' | 'error'}`>> = {
  ATTACH_STARTED: 'instance.share_attach.start',
  ATTACHED: 'instance.share_attach.end',
  ATTACH_FAILED: 'instance.share_attach.error',
  DETACH_STARTED: 'instance.share_detach.start',
  DETACHED: 'instance.share_detach.end',
  DETACH_FAILED: 'instance.share_detach.error',
};

/** Nova's `[notifications] versioned_notifications_topics`, its default. */
const TOPIC = 'versioned_notifications';

/** Every routing key that a notification can have: the topic and the priority, as oslo.messaging joins them. */
export const ROUTING_KEYS = [`${TOPIC}.info`, `${TOPIC}.error`] as const;

/** A notification, ready for the bus. */
export interface Notification {
  /** The same for the same event, however often and by whichever gateway it is published. */
  readonly messageId: string;
  readonly routingKey: (typeof ROUTING_KEYS)[number];
  /** oslo.messaging's envelope 2.0 as JSON. */
  readonly body: Buffer;
}

/**
 * An event as Nova's versioned notification: InstanceActionSharePayload 1.0 with the fields that the event has (nova
 * notifications/objects/instance.py), in oslo.messaging's envelope (_drivers/common.py, serialize_msg) with the context
 * beside the message (_drivers/amqp.py, pack_context). `publisherId` is `<service>:<host>`.
 */
export function notificationOf(event: AttachmentEvent, publisherId: string): Notification {
  const { projectId, requestId, userId } = event.attachment;
  const eventType = EVENT_TYPES[event.type];
  const isError = eventType.endsWith('.error');
  const messageId = idOf(projectId, event.cursor);
  const message = {
    message_id: messageId,
    publisher_id: publisherId,
    event_type: eventType,
    priority: isError ? 'ERROR' : 'INFO',
    payload: payloadOf(event, isError),
    timestamp: pythonTime(event.at),
    // oslo.messaging's listeners drop duplicates by this field
    _unique_id: messageId.replaceAll('-', ''),
    _context_request_id: requestId,
    _context_user_id: userId,
    _context_project_id: projectId,
  };
  const envelope = { 'oslo.version': '2.0', 'oslo.message': JSON.stringify(message) };
  return { messageId, routingKey: ROUTING_KEYS[isError ? 1 : 0], body: Buffer.from(JSON.stringify(envelope)) };
}

function payloadOf({ attachment }: AttachmentEvent, isError: boolean) {
  const { serverId, shareId, projectId, requestId, userId, fault } = attachment;
  return {
    'nova_object.name': 'InstanceActionSharePayload',
    'nova_object.namespace': 'nova',
    'nova_object.version': '1.0',
    'nova_object.data': {
      uuid: serverId,
      tenant_id: projectId,
      share_id: shareId,
      request_id: requestId,
      action_initiator_user: userId,
      fault: isError && fault ? exceptionOf(fault) : null,
    },
  };
}

function exceptionOf({ code, message }: Fault) {
  return {
    'nova_object.name': 'ExceptionPayload',
    'nova_object.namespace': 'nova',
    'nova_object.version': '1.1',
    'nova_object.data': { exception: code, exception_message: message },
  };
}

/** A UUID (version 8, RFC 9562) of the event's project and cursor: cursors are unique within a project. */
function idOf(projectId: string, cursor: string): string {
  const hex = createHash('sha256').update(`${projectId} ${cursor}`).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

/**
 * `2025-06-01T10:00:01.123Z` -> `2025-06-01 10:00:01.123000`: UTC as oslo.messaging writes it
 * (`str(timeutils.utcnow())`).
 */
function pythonTime(iso: string): string {
  return `${new Date(iso).toISOString().replace('T', ' ').slice(0, -1)}000`;
}
