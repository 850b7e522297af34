import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.ts';
import { needPrograms } from '../support/debian.ts';

/** deploy/systemd, as systemd reads it. */

const NAME = 'nova-manila-gateway.service';
const UNIT = join('deploy/systemd', NAME);

beforeAll(() => needPrograms({ systemd: '/usr/bin/systemd-analyze' }));

const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
};

test('systemd finds no fault in the unit', () => {
  // the program of the unit is not where it will be
  const directory = mkdtempSync(join(tmpdir(), 'unit-'));
  const unit = readFileSync(UNIT, 'utf8').replace('/usr/bin/node', process.execPath);
  writeFileSync(join(directory, NAME), unit);
  expect(analyze('verify', '--man=no', '--recursive-errors=no', join(directory, NAME))).toEqual({
    status: 0,
    output: '',
  });
  writeFileSync(join(directory, NAME), unit.replace('NoNewPrivileges=yes', 'NoNewPrivilege=yes'));
  expect(analyze('verify', '--man=no', '--recursive-errors=no', join(directory, NAME)).output).toContain('Unknown key');
  rmSync(directory, { recursive: true });
});

test('its exposure is low, as systemd counts it', () => {
  const { status, output } = analyze('security', '--offline=true', '--threshold=20', UNIT);
  expect({ status, output }).toMatchObject({ status: 0 });
});

test('a stop is not cut short', () => {
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(readFileSync(UNIT, 'utf8'))?.[1]);
  const config = readConfig({}) as unknown as Record<string, number>;
  const stopMs = ['DRAIN_MS', 'SHUTDOWN_SPREAD_MS', 'SHUTDOWN_MS'].reduce((sum, name) => sum + (config[name] ?? 0), 0);
  expect(seconds * 1000).toBeGreaterThan(stopMs);
});
