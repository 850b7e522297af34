import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { AttachmentEvent, EventType } from '../../src/attachments/attachment.ts';
import { notificationOf } from '../../src/notifications/message.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';

const fault = {
  code: 'RULE_ERROR' as const,
  message: 'Manila could not apply the rule',
  at: '2025-06-01T10:00:01.000Z',
  openstackRequestId: null,
};

function event(type: EventType, given: Partial<AttachmentEvent['attachment']> = {}, cursor = '17-0'): AttachmentEvent {
  const attachment = anAttachment({ requestId: 'req-1', userId: 'u1' });
  const made = anEvent(type, attachment);
  return { ...made, cursor, at: '2025-06-01T10:00:01.234Z', attachment: { ...attachment, ...given } };
}

function read(given: AttachmentEvent) {
  const { body, ...rest } = notificationOf(given, 'nova-manila-gateway:host-1');
  const envelope = JSON.parse(body.toString('utf8'));
  return { ...rest, envelope, message: JSON.parse(envelope['oslo.message']) };
}

describe('an event as a notification', () => {
  test.each([
    ['ATTACH_STARTED', 'instance.share_attach.start', 'INFO', 'versioned_notifications.info'],
    ['ATTACHED', 'instance.share_attach.end', 'INFO', 'versioned_notifications.info'],
    ['ATTACH_FAILED', 'instance.share_attach.error', 'ERROR', 'versioned_notifications.error'],
    ['DETACH_STARTED', 'instance.share_detach.start', 'INFO', 'versioned_notifications.info'],
    ['DETACHED', 'instance.share_detach.end', 'INFO', 'versioned_notifications.info'],
    ['DETACH_FAILED', 'instance.share_detach.error', 'ERROR', 'versioned_notifications.error'],
  ] as const)('%s -> %s with priority %s to %s', (type, eventType, priority, key) => {
    const { routingKey, message } = read(event(type));
    expect({ routingKey, type: message.event_type, priority: message.priority }).toEqual({
      routingKey: key,
      type: eventType,
      priority,
    });
  });

  test("the envelope is oslo.messaging's, the payload Nova's", () => {
    const attached = event('ATTACHED');
    const { envelope, message, messageId } = read(attached);
    expect(Object.keys(envelope)).toEqual(['oslo.version', 'oslo.message']);
    expect(envelope['oslo.version']).toBe('2.0');
    expect(message).toEqual({
      message_id: messageId,
      publisher_id: 'nova-manila-gateway:host-1',
      event_type: 'instance.share_attach.end',
      priority: 'INFO',
      timestamp: '2025-06-01 10:00:01.234000',
      _unique_id: messageId.replaceAll('-', ''),
      _context_request_id: 'req-1',
      _context_user_id: 'u1',
      _context_project_id: attached.attachment.projectId,
      payload: {
        'nova_object.name': 'InstanceActionSharePayload',
        'nova_object.namespace': 'nova',
        'nova_object.version': '1.0',
        'nova_object.data': {
          uuid: attached.attachment.serverId,
          tenant_id: attached.attachment.projectId,
          share_id: attached.attachment.shareId,
          request_id: 'req-1',
          action_initiator_user: 'u1',
          fault: null,
        },
      },
    });
  });

  test('an error -> its fault as an ExceptionPayload; a later success has no fault', () => {
    const { message } = read(event('ATTACH_FAILED', { fault }));
    expect(message.payload['nova_object.data'].fault).toEqual({
      'nova_object.name': 'ExceptionPayload',
      'nova_object.namespace': 'nova',
      'nova_object.version': '1.1',
      'nova_object.data': { exception: fault.code, exception_message: fault.message },
    });
    expect(read(event('ATTACHED', { fault })).message.payload['nova_object.data'].fault).toBeNull();
  });

  test('the same event twice -> the same id; another cursor or project -> another; each a UUID', () => {
    const first = event('ATTACHED');
    const ids = [first, { ...first, cursor: '17-1' }, event('ATTACHED', { projectId: 'p2' })].map(
      (one) => read(one).messageId,
    );
    expect(read(structuredClone(first)).messageId).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('the samples of docs/notifications.md', () => {
  const reference = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');

  test.each([
    ['ATTACH_STARTED', 'instance.share_attach.start'],
    ['ATTACHED', 'instance.share_attach.end'],
    ['ATTACH_FAILED', 'instance.share_attach.error'],
    ['DETACH_STARTED', 'instance.share_detach.start'],
    ['DETACHED', 'instance.share_detach.end'],
    ['DETACH_FAILED', 'instance.share_detach.error'],
  ] as const)('%s -> %s', (type, eventType) => {
    const text = reference.split(`\n## ${eventType}\n`)[1]?.match(/```json\n([^`]*)```/)?.[1] ?? '';
    const sample = JSON.parse(text);
    const data = sample.payload['nova_object.data'];
    const said = data.fault?.['nova_object.data'];
    const { message } = read({
      ...event(type, {
        serverId: data.uuid,
        shareId: data.share_id,
        projectId: data.tenant_id,
        requestId: data.request_id,
        userId: data.action_initiator_user,
        fault: said ? { ...fault, code: said.exception, message: said.exception_message } : null,
      }),
      at: `${sample.timestamp.replace(' ', 'T')}Z`,
    });
    const { message_id, _unique_id } = sample;
    const publisher_id = 'nova-manila-gateway:gateway-1';
    expect({ ...message, message_id, _unique_id, publisher_id }).toEqual(sample);
    expect(message_id.replaceAll('-', '')).toBe(_unique_id);
  });
});
