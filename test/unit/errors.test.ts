import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../src/errors.ts';
import { formatError, httpStatus } from '../../src/graphql/errors.ts';
import { type FailureKind, OpenStackError } from '../../src/openstack/errors.ts';

const lines: string[] = [];
const errorContext = { requestId: 'req-1', log: pino({}, { write: (line: string) => void lines.push(line) }) };
const wrapped = (originalError: Error) => new GraphQLError('wrapped', { originalError, path: ['a', 0] });

describe('errors of OpenStack', () => {
  test.each<[FailureKind, number | undefined, string | undefined, string | undefined, ErrorCode]>([
    ['timeout', undefined, undefined, undefined, 'UPSTREAM_TIMEOUT'],
    ['unreachable', undefined, undefined, undefined, 'UPSTREAM_UNAVAILABLE'],
    ['bad_response', 200, undefined, undefined, 'UPSTREAM_ERROR'],
    ['refused', 400, 'badRequest', undefined, 'BAD_USER_INPUT'],
    ['refused', 401, 'error', undefined, 'UNAUTHENTICATED'],
    ['refused', 403, 'forbidden', 'Policy does not allow', 'FORBIDDEN'],
    ['refused', 403, 'forbidden', 'Quota exceeded for instances', 'QUOTA_EXCEEDED'],
    ['refused', 403, 'overLimit', undefined, 'QUOTA_EXCEEDED'],
    ['refused', 404, 'itemNotFound', undefined, 'NOT_FOUND'],
    ['refused', 406, 'computeFault', undefined, 'UPSTREAM_ERROR'],
    ['refused', 409, 'conflictingRequest', undefined, 'CONFLICT'],
    ['refused', 413, 'overLimit', undefined, 'QUOTA_EXCEEDED'],
    ['refused', 429, 'overLimit', undefined, 'QUOTA_EXCEEDED'],
    ['refused', 500, 'computeFault', undefined, 'UPSTREAM_ERROR'],
    ['refused', 502, undefined, undefined, 'UPSTREAM_ERROR'],
    ['refused', 503, undefined, undefined, 'UPSTREAM_UNAVAILABLE'],
  ])('%s %s %s %s -> %s', (kind, status, faultName, upstreamMessage, code) => {
    const details = {
      service: 'nova' as const,
      kind,
      openstackRequestId: 'req-n',
      ...(status !== undefined && { status }),
      ...(faultName !== undefined && { faultName }),
      ...(upstreamMessage !== undefined && { upstreamMessage }),
    };
    const error = formatError(wrapped(new OpenStackError('Nova refused', details)), errorContext);
    expect(error.toJSON()).toEqual({
      message: 'Nova refused',
      path: ['a', 0],
      extensions: {
        code,
        service: 'nova',
        openstackRequestId: 'req-n',
        requestId: 'req-1',
        ...(status !== undefined && { status }),
      },
    });
  });
});

describe('errors of the gateway', () => {
  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s -> its code, message and HTTP status', (code) => {
    const error = formatError(wrapped(new GatewayError(code, 'a message')), errorContext);
    expect(error.toJSON()).toMatchObject({ message: 'a message', extensions: { code, requestId: 'req-1' } });
    // Before execution the limit is the document's: retrying later does not help.
    expect(httpStatus([error])).toBe(code === 'LIMIT_EXCEEDED' ? 400 : ERROR_CODES[code].status);
  });

  test('wrapped by graphql-ws and graphql-js -> its own message', () => {
    const error = wrapped(wrapped(new GatewayError('CURSOR_EXPIRED', 'gone')));
    expect(formatError(error, errorContext)).toMatchObject({ message: 'gone', extensions: { code: 'CURSOR_EXPIRED' } });
  });

  test('a cause with secrets -> not shown', () => {
    const cause = new Error('X-Auth-Token: gAAAA at http://10.0.0.1');
    const error = new GatewayError('UPSTREAM_ERROR', 'it failed', { service: 'nova' }, { cause });
    expect(JSON.stringify(formatError(wrapped(error), errorContext))).not.toMatch(/gAAAA|10\.0\.0\.1/);
  });
});

describe('bugs', () => {
  test.each<[string, unknown]>([
    ['an Error', new TypeError('x of undefined at http://10.0.0.1')],
    ['an Error in a resolver', wrapped(new TypeError('x of undefined at http://10.0.0.1'))],
    ['a text', 'http://10.0.0.1'],
    ['nothing', undefined],
    [
      'a GraphQLError that a scalar throws on the way out',
      new GraphQLError('Int cannot represent http://10.0.0.1', { path: ['a'] }),
    ],
    ['a GraphQLError with an unknown code', new GraphQLError('http://10.0.0.1', { extensions: { code: 'MINE' } })],
  ])('%s -> masked for the client and logged', (_situation, thrown) => {
    lines.length = 0;
    const error = formatError(thrown, errorContext);
    expect(error).toMatchObject({
      message: 'Internal error',
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'req-1' },
    });
    expect(lines).toHaveLength(1);
    expect(httpStatus([error])).toBe(500);
  });

  test('an aborted operation -> UPSTREAM_TIMEOUT', () => {
    const error = wrapped(new DOMException('no answer in 5 ms', 'TimeoutError') as unknown as Error);
    expect(formatError(error, errorContext).extensions.code).toBe('UPSTREAM_TIMEOUT');
  });

  test('other extensions of an error -> not sent to the client', () => {
    const error = new GraphQLError('no', {
      extensions: { code: 'FORBIDDEN', http: { status: 418 }, stacktrace: ['at x'] },
    });
    expect(formatError(error, errorContext).extensions).toEqual({ code: 'FORBIDDEN', requestId: 'req-1' });
  });
});

describe('messages that quote the client', () => {
  const syntaxError = (message: string) => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

  test.each([
    ['a field', 'Cannot query field "nam". Did you mean "name"?', 'Cannot query field "nam".'],
    ['several', 'Unknown type "Servr". Did you mean "Server" or "Share"?', 'Unknown type "Servr".'],
    ['none', 'Unknown argument "x" on field "y".', 'Unknown argument "x" on field "y".'],
  ])('with a suggestion of %s, and the schema is hidden -> without the suggestion', (_name, message, shown) => {
    expect(formatError(syntaxError(message), { ...errorContext, hideSuggestions: true }).message).toBe(shown);
    expect(formatError(syntaxError(message), errorContext).message).toBe(message);
  });

  test('128 KB of spaces -> cut, and not searched from each of them', () => {
    const message = `Int cannot represent non-integer value: "${' '.repeat(131_072)}"`;
    const formatted = formatError(syntaxError(message), { ...errorContext, hideSuggestions: true });
    expect(formatted.message).toBe(`${message.slice(0, 2000)}…`);
  });
});
