import { writeFileSync } from 'node:fs';
import { renderManifests } from './helm.mjs';

writeFileSync('deploy/kubernetes/gateway.yaml', renderManifests());
