import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connect } from '../support/ws-client.ts';

const VIEWER = 'query Viewer { viewer { roles } }';
const EVENTS = 'subscription { shareAttachmentEvents { cursor } }';
const NEW = '{ viewer { project { name } } }';
const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const folder = mkdtempSync(join(tmpdir(), 'documents-'));
const file = join(folder, 'app.json');
const write = (documents: object) => writeFileSync(file, JSON.stringify(documents));

describe('TRUSTED_ONLY', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    write({ viewer: VIEWER, events: EVENTS });
    writeFileSync(join(folder, 'new.graphql'), NEW);
    gateway = await startGateway({ store: 'memory', env: { TRUSTED_DOCUMENTS: folder, TRUSTED_ONLY: 'true' } });
  });
  afterAll(() => gateway.close());

  const headers = (more: object = {}) => ({
    'x-auth-token': gateway.token,
    'content-type': 'application/json',
    ...more,
  });
  async function post(body: object, more: object = {}) {
    const response = await fetch(gateway.url, { method: 'POST', headers: headers(more), body: JSON.stringify(body) });
    return { status: response.status, response };
  }

  test.each([
    ['the id of the file', { documentId: 'viewer' }, 200],
    ['the hash of the text', { documentId: sha256(NEW) }, 200],
    ['the text itself', { query: VIEWER }, 200],
    ['an unknown id', { documentId: 'unknown' }, 404],
    ['an id and a text', { documentId: 'viewer', query: VIEWER }, 422],
    ['another text', { query: '{ viewer { roles } }' }, 422],
    ['introspection', { query: '{ __schema { queryType { name } } }' }, 422],
  ])('POST of %s: %j -> %i, twice', async (_what, body, expected) => {
    expect((await post(body)).status).toBe(expected);
    expect((await post(body)).status).toBe(expected);
  });

  test('GET with documentId and variables -> 200; the schema’s document is not served', async () => {
    const response = await fetch(`${gateway.url}?documentId=viewer&variables={}`, { headers: headers() });
    expect([response.status, await response.json()]).toMatchObject([200, { data: { viewer: {} } }]);
    expect((await fetch(`${gateway.url}/schema.graphql`)).status).toBe(404);
  });

  test('over SSE', async () => {
    const trusted = await post({ documentId: 'events' }, { accept: 'text/event-stream' });
    expect(trusted.response.headers.get('content-type')).toContain('text/event-stream');
    await trusted.response.body?.cancel();
    const other = await post({ query: EVENTS.replace('cursor', 'type') }, { accept: 'text/event-stream' });
    expect(await other.response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('over WebSocket, by text and by id', async () => {
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
    client.subscribe('1', VIEWER);
    expect((await client.nextOf('next', '1')).payload.data.viewer).toBeTruthy();
    const payload = { query: '', extensions: { documentId: 'viewer' } };
    client.send({ id: '2', type: 'subscribe', payload });
    expect((await client.nextOf('next', '2')).payload.data.viewer).toBeTruthy();
    client.subscribe('3', NEW.replace('name', 'id'));
    expect((await client.nextOf('error', '3')).payload[0].extensions.code).toBe('FORBIDDEN');
    client.send({ id: '4', type: 'subscribe', payload: { query: '', extensions: { documentId: 'unknown' } } });
    expect((await client.nextOf('error', '4')).payload[0].extensions.code).toBe('NOT_FOUND');
    await client.close();
  });

  test('read again: a document that is gone is rejected, also one that was executed; a wrong file changes nothing', async () => {
    expect((await post({ query: VIEWER })).status).toBe(200);
    write({ other: EVENTS });
    gateway.app.reload();
    expect((await post({ query: VIEWER })).status).toBe(422);
    expect((await post({ documentId: 'viewer' })).status).toBe(404);
    write({ viewer: '{' });
    expect(() => gateway.app.reload()).toThrow(`${file}: viewer is not a GraphQL document`);
    expect((await post({ documentId: sha256(NEW) })).status).toBe(200);
  });
});

test.each([
  ['no JSON', '{', 'expected JSON'],
  ['another form', '{"a": 1}', 'expected a manifest'],
  ['no document', '{"a": "{"}', 'a is not a GraphQL document'],
])('a file with %s -> a ConfigError that names it', async (_what, text, message) => {
  const wrong = join(mkdtempSync(join(tmpdir(), 'documents-')), 'wrong.json');
  writeFileSync(wrong, text);
  const starting = startGateway({ store: 'memory', env: { TRUSTED_DOCUMENTS: wrong } });
  await expect(starting).rejects.toThrow(ConfigError);
  await expect(starting).rejects.toThrow(`${wrong}: ${message}`);
});
