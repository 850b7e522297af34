import { expect, test } from '@jest/globals';
import type { Attachment } from '../../src/attachments/attachment.ts';
import { parseEvent, parseRecord } from '../../src/attachments/store/replies.ts';
import { attachmentEvent } from '../support/attachment-records.ts';
import { anAttachment } from '../support/attachments.ts';

/** The JSON of an attachment with a change of each kind, as releases before 0.2.0 wrote it. */
function formerJson(): object {
  const target = { ruleId: null, isOwned: false, state: null };
  const targets = [
    { accessTo: '10.0.0.5', change: 'leaving', ...target },
    { accessTo: '10.0.0.6', change: 'coming', ...target },
    { accessTo: '10.0.0.7', ...target },
  ];
  return { ...anAttachment({ status: 'attached' }), targets };
}

const changesOf = ({ targets }: Pick<Attachment, 'targets'>) => targets.map(({ change }) => change);

test('a record written before 0.2.0 -> its targets have their current changes', () => {
  const record = parseRecord('7', JSON.stringify(formerJson()));
  expect(record.version).toBe(7);
  expect(changesOf(record)).toEqual(['removing', 'adding', undefined]);
  expect(parseRecord('8', JSON.stringify(record))).toEqual({ ...record, version: 8 });
});

test('an event written before 0.2.0 -> so have the targets of its attachment', () => {
  const event = { type: 'ATTACHED', at: '2025-06-01T11:00:00.000Z', requestId: null, reason: null };
  const read = parseEvent(JSON.stringify({ ...event, attachment: formerJson() }), '5-0');
  expect(read).toMatchObject({ ...event, cursor: '5-0' });
  expect(changesOf(attachmentEvent(read).attachment)).toEqual(['removing', 'adding', undefined]);
});
