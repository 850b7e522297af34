import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig, SETTINGS } from '../../src/config.ts';

describe('settings', () => {
  test('none -> the defaults, frozen', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 4000,
      GRAPHIQL: true,
      ALLOWED_ORIGINS: [],
      isProduction: false,
    });
    expect(config.REDIS_URL).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('every one has a default or may be left out', () => {
    expect(Object.keys(readConfig({}))).toEqual(expect.arrayContaining(['HOST', 'MAX_COST', 'EVENT_LOG_LENGTH']));
  });

  test('every one says what it is for', () => {
    expect(Object.values(SETTINGS).filter(({ description }) => !/^[A-Z].*\.$/s.test(description))).toEqual([]);
  });

  test('empty -> as if not set; other variables -> not read', () => {
    expect(readConfig({ PORT: '', PATH: '/bin', REDIS_URL: '' })).toEqual(readConfig({}));
  });

  test('numbers, flags and lists -> read', () => {
    const config = readConfig({
      PORT: '0',
      INTROSPECTION: 'false',
      GRAPHIQL: '1',
      ALLOWED_ORIGINS: ' https://a.example, ,https://b.example ',
      REDIS_URL: 'rediss://r:6380',
      NODE_ENV: 'production',
    });
    expect(config).toMatchObject({
      PORT: 0,
      INTROSPECTION: false,
      GRAPHIQL: true,
      ALLOWED_ORIGINS: ['https://a.example', 'https://b.example'],
      REDIS_URL: 'rediss://r:6380',
      isProduction: true,
    });
  });

  test('several wrong -> each is named, with what was expected and what came', () => {
    const wrong = {
      PORT: '65536',
      MAX_DEPTH: '-1',
      LOG_LEVEL: 'loud',
      INTROSPECTION: 'yes',
      REDIS_URL: 'http://me:secret@r',
      HOST: 'a',
    };
    const problems = problemsOf(wrong);
    expect(problems).toHaveLength(5);
    expect(problems).toEqual(
      expect.arrayContaining([
        'PORT: expected at most 65535, got "65536"',
        'MAX_DEPTH: expected a whole number from 1 to 100, got "-1"',
        'INTROSPECTION: expected true or false, got "yes"',
        'REDIS_URL: expected redis://host, redis-sentinel://host,host/name or redis-cluster://host,host (rediss… with TLS), names and passwords percent-encoded, got http://… (not shown, it may have a password)',
        expect.stringMatching(/^LOG_LEVEL: .*got "loud"$/),
      ]),
    );
  });

  test.each([
    ['REDIS_URL', 'redis-sentinel://me:s3cret@a,b/?sentinelPassword=hidden&db=1'],
    ['REDIS_URL', 'redis://me:s3cret/hidden@host:6379/0'],
    ['REDIS_URL', 'redis://me:1/s3cret@host'],
    ['REDIS_URL', 'redis://me:1?s3cret@host'],
    ['REDIS_URL', 'redis://me:1#s3cret@host'],
    ['REDIS_URL', 'redis://:s3cret'],
    ['REDIS_URL', 'redis://me:s3cret@hidden:99999'],
    ['REDIS_URL', 's3cret'],
    ['NOTIFICATION_URL', 'amqp://me:s3cret/hidden@host/'],
    ['NOTIFICATION_URL', 'amqp://me:1/s3cret@host'],
    ['NOTIFICATION_URL', 'amqp://me:s3cret@host:99999/'],
    ['NOTIFICATION_URL', 'amqp://me:s3cret@host:port/'],
    ['NOTIFICATION_URL', 'amqp://me:s3cret@/'],
    ['NOTIFICATION_URL', 'http://me:s3cret@host/'],
  ])('a wrong %s, %s -> one problem in words, without the password', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name}: expected .*percent-encoded, got `))]);
    expect(problems.join()).not.toMatch(/s3cret|hidden/);
  });

  test.each(['amqp://host', 'amqps://me:p%2Fw@host:5671/%2f', 'amqp://[::1]:5672/vhost?heartbeat=5'])(
    'NOTIFICATION_URL %s -> taken',
    (NOTIFICATION_URL) => {
      expect(readConfig({ NOTIFICATION_URL }).NOTIFICATION_URL).toBe(NOTIFICATION_URL);
    },
  );

  test.each([
    ['https://A.example/', 'https://a.example'],
    ['HTTP://a.example:80', 'http://a.example'],
    ['https://münchen.example', 'https://xn--mnchen-3ya.example'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('ALLOWED_ORIGINS %s -> %s, as browsers send it', (ALLOWED_ORIGINS, normalised) => {
    expect(readConfig({ ALLOWED_ORIGINS }).ALLOWED_ORIGINS).toEqual([normalised]);
  });

  test.each(['a.example', 'https://', 'https://a.example/path', 'https://*.a.example', 'https://me@a.example', 'null'])(
    'ALLOWED_ORIGINS with %s, which no browser sends -> rejected with that item',
    (wrong) => {
      expect(problemsOf({ ALLOWED_ORIGINS: `https://ok.example, ${wrong}` })).toEqual([
        expect.stringContaining(`not an origin: ${wrong}, got`),
      ]);
    },
  );

  test.each([
    ['gateway.example', 'expected http(s)://host'],
    ['https://me:word@gateway.example', 'expected http(s)://host'],
    ['https://gateway.example:99999', 'expected a valid host and port'],
    ['https://gateway.example/graphql', 'without the path of an API'],
    ['https://gateway.example/v2.1/', 'without the path of an API'],
  ])('PUBLIC_URL %s -> %s', (PUBLIC_URL, problem) => {
    expect(problemsOf({ PUBLIC_URL })).toEqual([expect.stringContaining(problem)]);
  });

  test.each(['1.5', '1e3', '0x10', ' 1', 'NaN', '١'])('a number written %j -> refused', (PORT) => {
    expect(problemsOf({ PORT })).toHaveLength(1);
  });

  function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
    try {
      readConfig(env);
      return [];
    } catch (error) {
      return (error as ConfigError).problems;
    }
  }

  test('wrong ones -> one message with a line for each', () => {
    expect(() => readConfig({ PORT: 'x', MAX_DEPTH: 'x' })).toThrow(/^Invalid settings:\n {2}- .*\n {2}- .*$/);
    expect(() => readConfig({ PORT: 'x' })).toThrow(ConfigError);
  });
});
