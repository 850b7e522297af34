// The tests of each file here run on the same Redis Cluster, in this order: what kills its nodes comes last.
import './cluster/store.ts';
import './cluster/rights.ts';
import './cluster/moving-slots.ts';
import './cluster/close.ts';
import './cluster/failover.ts';
