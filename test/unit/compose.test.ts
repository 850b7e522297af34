import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig, SETTINGS } from '../../src/config.ts';

interface Service {
  environment: Record<string, string | null>;
  command?: string[];
  healthcheck?: { test: string[] };
  [key: string]: unknown;
}
const { services } = parse(readFileSync('docker-compose.yml', 'utf8')) as { services: Record<string, Service> };

describe.each(Object.entries(services))('docker-compose.yml, the service %s', (_name, service) => {
  test('has no capability, no writable root, no way to more privileges, and limits', () => {
    expect(service).toMatchObject({
      cap_drop: ['ALL'],
      read_only: true,
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      pids_limit: expect.any(Number),
    });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('cap_add');
  });
});

test('the gateway gets every setting, and every variable of the cloud', () => {
  const inImage = ['HOST', 'PORT'];
  expect(readFileSync('Dockerfile', 'utf8')).toMatch(/^ENV .*HOST=0\.0\.0\.0 PORT=4000$/m);
  const cloudTable = readFileSync('docs/configuration.md', 'utf8').matchAll(/^\| (`OS_[^|]*)\|/gm);
  const ofCloud = [...cloudTable].flatMap(([, cell = '']) => [...cell.matchAll(/`(OS_\w+)`/g)].map(([, name]) => name));
  const expected = ['OS_CLOUD', ...ofCloud, ...Object.keys(SETTINGS).filter((name) => !inImage.includes(name))];
  const { environment = {} } = services.gateway ?? {};
  expect(Object.keys(environment).sort()).toEqual([...expected, 'NODE_OPTIONS'].sort());
  const fixed = Object.keys(environment).filter((name) => environment[name] !== null);
  expect(fixed.sort()).toEqual(['NODE_OPTIONS', 'REDIS_URL']);
});

test('a stop is not cut short', () => {
  const config = readConfig({}) as unknown as Record<string, number>;
  const stopMs = ['DRAIN_MS', 'SHUTDOWN_SPREAD_MS', 'SHUTDOWN_MS'].reduce((sum, name) => sum + (config[name] ?? 0), 0);
  expect(Number.parseInt(String(services.gateway?.['stop_grace_period']), 10) * 1000).toBeGreaterThan(stopMs);
});

test('Redis needs a password, which the gateway and the health check send and no argument contains', () => {
  const { redis, gateway } = services;
  expect(redis?.environment.REDIS_PASSWORD).toMatch(/^\$\{REDIS_PASSWORD:\?/);
  expect(redis?.command?.join(' ')).toContain('requirepass "$$REDIS_PASSWORD"');
  expect(redis?.command?.join(' ')).not.toContain('--requirepass');
  expect(redis?.healthcheck?.test.join(' ')).toContain('REDISCLI_AUTH');
  expect(gateway?.environment.REDIS_URL).toMatch(/:\$\{REDIS_PASSWORD\}@/);
  expect(redis).not.toHaveProperty('ports');
});
