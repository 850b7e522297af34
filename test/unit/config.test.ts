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
        'REDIS_URL: expected redis://host, redis-sentinel://host,host/name or redis-cluster://host,host (rediss… with TLS), got "http://***@r"',
        expect.stringMatching(/^LOG_LEVEL: .*got "loud"$/),
      ]),
    );
  });

  test('a wrong URL of Sentinels -> named without either password', () => {
    const [problem] = problemsOf({ REDIS_URL: 'redis-sentinel://me:secret@a,b/?sentinelPassword=hidden&db=1' });
    expect(problem).toContain('got "redis-sentinel://***@a,b/?sentinelPassword=***&db=1"');
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
