/** What the parts of a gateway report, as metrics. */
import type { AttachmentEvent } from '../attachments/attachment.ts';
import type { SweepReport } from '../attachments/drift/report.ts';
import type { AttachmentStore } from '../attachments/store/contract.ts';
import type { ServiceStates } from '../openstack/service-state.ts';
import type { RedisConnections } from '../redis/connect.ts';
import { collectAttachments } from './attachments.ts';
import type { Metrics } from './metrics.ts';

/** Maximum number of projects that are counted as pending. */
const MAX_PENDING = 100;

/** The parts whose state is read when the metrics are collected. */
export interface GaugeSources {
  readonly services: ServiceStates;
  readonly store: AttachmentStore;
  /** Null without Redis. */
  readonly redis: RedisConnections | null;
  /** Null without a message bus. */
  readonly notifier: object | null;
}

/** Sets how the gauges are read. */
export function collectGauges(metrics: Metrics, { services, store, redis, notifier }: GaugeSources): void {
  collectAttachments(metrics, store);
  metrics.gauge('nmg_upstream_up', () =>
    (['keystone', 'nova', 'manila'] as const).map((service) => [{ service }, Number(services.isUp(service))]),
  );
  if (redis) metrics.gauge('nmg_redis_up', () => [[{}, Number(redis.commands.status === 'ready')]]);
  if (notifier) {
    metrics.gauge('nmg_notifier_pending_projects', async () => [
      [{}, (await store.pendingProjects(MAX_PENDING)).length],
    ]);
  }
}

/** Counts a drift scan and its findings. */
export function countScan(metrics: Metrics, report: SweepReport | null, seconds: number): void {
  const outcome = report === null ? 'failed' : report.unfinished.length > 0 ? 'incomplete' : 'complete';
  metrics.observe('nmg_drift_scan_duration_seconds', { outcome }, seconds);
  for (const finding of report?.findings ?? []) {
    metrics.count('nmg_drift_findings_total', { kind: finding.kind, outcome: finding.outcome });
  }
}

/** Counts an event that is on the message bus. */
export function countNotification(metrics: Metrics, { at }: AttachmentEvent): void {
  metrics.observe('nmg_notification_delay_seconds', {}, Math.max(0, (Date.now() - Date.parse(at)) / 1000));
}
