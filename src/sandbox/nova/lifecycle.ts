import { type Cloud, remember, type Server } from '../cloud.ts';
import { later } from '../work.ts';
import type { Finish } from './instance-actions.ts';
import { requireServer, touch } from './servers.ts';
import { powerOff, powerOn, removeMappings } from './share-mappings.ts';

const MAX_DELETED = 1000;

/** Starts os-start, os-stop or a hard reboot: a task state for the time of the work, then the new status. */
export function beginPower(cloud: Cloud, server: Server, taskState: string, finish: Finish): void {
  touch(server, { taskState });
  if (taskState === 'powering-off') powerOff(cloud, server, finish);
  else powerOn(cloud, server, finish);
}

/** Starts a soft reboot, which does not mount shares again. */
export function beginSoftReboot(cloud: Cloud, server: Server, finish: Finish): void {
  touch(server, { taskState: 'rebooting' });
  later(cloud, cloud.stepMs, () => {
    if (cloud.servers.get(server.id) === server) touch(server, { taskState: null });
    finish();
  });
}

/** Starts a deletion: `deleting` for one step, DELETED for another, then only changes-since shows the server. */
export function beginDelete(cloud: Cloud, server: Server): void {
  if (server.taskState === 'deleting') return;
  touch(server, { taskState: 'deleting' });
  later(cloud, cloud.stepMs, () => {
    markDeleted(cloud, server);
    later(cloud, cloud.stepMs, () => moveToDeleted(cloud, server));
  });
}

/** Deletes a server at once: the next GET is a 404. */
export function deleteServer(cloud: Cloud, id: string): void {
  const server = requireServer(cloud, id);
  markDeleted(cloud, server);
  moveToDeleted(cloud, server);
}

function markDeleted(cloud: Cloud, server: Server): void {
  removeMappings(cloud, server);
  touch(server, { status: 'DELETED', taskState: null, ports: [], terminatedAt: Date.now() });
}

function moveToDeleted(cloud: Cloud, server: Server): void {
  cloud.servers.delete(server.id);
  remember(cloud.deletedServers, server.id, server, MAX_DELETED);
}
